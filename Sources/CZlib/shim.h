#pragma once
#include <zlib.h>

// inflateInit2 is a macro; 16 asks for the gzip format, with its checksum (zlib.h).
static inline int replaycache_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }
