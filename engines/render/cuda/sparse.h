// Every few pixels of what was rendered, for the host to tell whether pictures differ (edge/recognition/answers.py).

#pragma once

#include "platform.h"

// Pictures of 3 planes of side x side, of which every step-th pixel of every step-th row is kept, from the first on.
struct EgSparse {
    int32_t pictures, side, step, reserved;
};

enum { EG_SPARSE_BLOCK = 256 };

EG_DEVICE float eg_to_float(float value) { return value; }
EG_DEVICE float eg_to_float(eg_half value) { return (float)value; }

template <typename T>
EG_DEVICE void eg_keep_sparse(const T *input, const EgSparse &of, int32_t at, float *out) {
    const int32_t across = (of.side + of.step - 1) / of.step;
    if (at >= of.pictures * 3 * across * across) return;
    const int32_t plane = at / (across * across), row = at / across % across, column = at % across;
    out[at] = eg_to_float(input[((size_t)plane * of.side + row * of.step) * of.side + column * of.step]);
}
