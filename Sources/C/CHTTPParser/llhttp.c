// The installed source of Debian's node-llhttp, compiled strict (LLHTTP_STRICT_MODE=1 in Package.swift).
#include "/usr/share/llhttp/llhttp.c"
