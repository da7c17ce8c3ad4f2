// Step 4 of engines/render/spec.py: the squeezers, on bytes of a tile that holds a block of pixels and their neighbors.

#pragma once

#include "platform.h"
#include "tile.h"
#include "views.h"

EG_DEVICE void eg_order(int32_t &low, int32_t &high) {
    const int32_t small = low < high ? low : high;
    high = low < high ? high : low;
    low = small;
}

// The median of nine by 19 exchanges in registers (Paeth, Graphics Gems, 1990; network of Devillard, 1998).
EG_DEVICE int32_t eg_median9(int32_t p[9]) {
    eg_order(p[1], p[2]), eg_order(p[4], p[5]), eg_order(p[7], p[8]);
    eg_order(p[0], p[1]), eg_order(p[3], p[4]), eg_order(p[6], p[7]);
    eg_order(p[1], p[2]), eg_order(p[4], p[5]), eg_order(p[7], p[8]);
    eg_order(p[0], p[3]), eg_order(p[5], p[8]), eg_order(p[4], p[7]);
    eg_order(p[3], p[6]), eg_order(p[1], p[4]), eg_order(p[2], p[5]);
    eg_order(p[4], p[7]), eg_order(p[4], p[2]), eg_order(p[6], p[4]);
    eg_order(p[4], p[2]);
    return p[4];
}

EG_DEVICE int32_t eg_median3(const uint8_t *plane, int32_t at) {
    int32_t near[9];
    for (int32_t dy = -1, i = 0; dy <= 1; ++dy)
        for (int32_t dx = -1; dx <= 1; ++dx, ++i) near[i] = plane[at + dy * EG_TILE_X + dx];
    return eg_median9(near);
}

EG_DEVICE int32_t eg_gauss5(const uint8_t *plane, int32_t at) {
    const int32_t weights[5] = {1, 4, 6, 4, 1};
    int32_t sum = 0;
    for (int32_t dy = 0; dy < 5; ++dy)
        for (int32_t dx = 0; dx < 5; ++dx)
            sum += weights[dy] * weights[dx] * plane[at + (dy - 2) * EG_TILE_X + dx - 2];
    return (sum + 128) >> 8;
}

EG_DEVICE int32_t eg_squeezed(const uint8_t *plane, int32_t at, int32_t squeeze) {
    switch (squeeze) {
    case EG_BITS4: return (plane[at] * 30 + 255) / 510 * 17;
    case EG_MEDIAN3: return eg_median3(plane, at);
    case EG_GAUSS5: return eg_gauss5(plane, at);
    default: return plane[at];
    }
}
