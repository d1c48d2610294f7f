// Debian's node-llhttp installs its header outside the default search path, and loose by default.
#pragma once
#ifndef LLHTTP_STRICT_MODE
#define LLHTTP_STRICT_MODE 1
#endif
#include "/usr/share/include/llhttp/llhttp.h"
