/* Saved models from C, and from hosts built without exceptions. See model.h for what the functions do.
 *
 * Functions that can fail return 0 (KN_OK) or an error code; kn_last_error() then says what is wrong, on the thread that
 * called. Handles are freed by their own kn_..._free, which takes NULL. No function throws or aborts. */
#ifndef KERAUNOS_C_H
#define KERAUNOS_C_H

#include <stddef.h>
#include <stdint.h>

#include "keraunos/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kn_model kn_model;
typedef struct kn_session kn_session;

enum kn_status {
  KN_OK = 0,
  KN_VALUE = 1,     /* an argument that does not fit */
  KN_NOT_FOUND = 2, /* no such file */
  KN_FORMAT = 3,    /* a damaged file, or one without functions for C++ */
  KN_MEMORY = 4,
  KN_OTHER = 5
};

/* Text of the last error on this thread; "" if there was none. Valid until the next failing call on this thread. */
KERAUNOS_API const char* kn_last_error(void);
/* The library's version, such as "0.1.0". */
KERAUNOS_API const char* kn_version(void);

KERAUNOS_API int kn_model_load(const char* path, kn_model** model);
/* The bytes are copied. */
KERAUNOS_API int kn_model_load_memory(const void* data, size_t bytes, kn_model** model);
KERAUNOS_API void kn_model_free(kn_model* model);
KERAUNOS_API int kn_model_save(const kn_model* model, const char* path);

KERAUNOS_API size_t kn_model_input_count(const kn_model* model);
KERAUNOS_API size_t kn_model_output_count(const kn_model* model);

/* One input and one output of float32: `x` holds rows * (sizes of a row) numbers, as `sizes` says (rank sizes, rows first).
 * `y` gets the outputs; `y_count` says how many numbers fit, and then how many there are. */
KERAUNOS_API int kn_model_predict(const kn_model* model, const float* x, const int64_t* sizes, size_t rank, float* y, size_t* y_count);
/* Trains one input and one target of float32 on their rows; `loss` (or NULL) gets the loss of the last epoch. */
KERAUNOS_API int kn_model_fit(kn_model* model, const float* x, const int64_t* x_sizes, size_t x_rank, const float* y, const int64_t* y_sizes,
                              size_t y_rank, int epochs, int64_t batch_size, double* loss);

/* A session for fixed shapes: the sizes of all inputs one after another, with the rank of each. */
KERAUNOS_API int kn_session_new(const kn_model* model, const int64_t* sizes, const size_t* ranks, size_t inputs, kn_session** session);
/* The same with up to so many threads for a run, the calling one included; 0: as many as there are. kn_session_new has 1. */
KERAUNOS_API int kn_session_new_threaded(const kn_model* model, const int64_t* sizes, const size_t* ranks, size_t inputs, int threads,
                                         kn_session** session);
KERAUNOS_API void kn_session_free(kn_session* session);
/* Memory of an input or output of float32, and how many numbers it holds (count may be NULL). NULL when there is none. */
KERAUNOS_API float* kn_session_input(kn_session* session, size_t i, size_t* count);
KERAUNOS_API const float* kn_session_output(const kn_session* session, size_t i, size_t* count);
/* Does not allocate and, with one thread, does not lock or call the system; KN_VALUE when an input holds a value that the model
 * refuses. */
KERAUNOS_API int kn_session_run(kn_session* session);
KERAUNOS_API int kn_session_reset(kn_session* session);

#ifdef __cplusplus
}
#endif

#endif
