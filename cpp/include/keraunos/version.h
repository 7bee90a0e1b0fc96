// The one place where the version stands.
#pragma once

#define KERAUNOS_VERSION "0.1.0"
