/* Marks what a shared library shows. KERAUNOS_SHARED is set by the CMake target when the library is shared. */
#ifndef KERAUNOS_EXPORT_H
#define KERAUNOS_EXPORT_H

#if !defined(KERAUNOS_SHARED)
#define KERAUNOS_API
#elif defined(_WIN32) && defined(KERAUNOS_BUILDING)
#define KERAUNOS_API __declspec(dllexport)
#elif defined(_WIN32)
#define KERAUNOS_API __declspec(dllimport)
#else
#define KERAUNOS_API __attribute__((visibility("default")))
#endif

#endif
