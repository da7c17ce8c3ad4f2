// What the host tells the kernel; engines/render/cuda/parameters.py packs the same bytes.

#pragma once

#include <stdint.h>

enum { EG_MOST_HOLES = 4 };
enum { EG_BGR = 0, EG_NV12 = 1 };
enum { EG_NONE = 0, EG_BITS4 = 1, EG_MEDIAN3 = 2, EG_GAUSS5 = 3 };

// Half-open, in pixels of the placed crop.
struct EgHole {
    int32_t left, top, right, bottom;
};

// One view of the crop. `to_level` takes pixels of the placed crop to pixels of the decimated frame, from `origin` on: the
// first pixel of the part that is read. It is double, because step 2 of the definition is rounded from double.
struct EgView {
    int32_t x, y, width, height;
    int32_t squeeze, fill, hole_count, origin_x, origin_y, reserved;
    double to_level[6];
    EgHole holes[EG_MOST_HOLES];
};

// The frame, and how the model wants to be fed. `share` is 1 / decimation^2.
struct EgFrame {
    int32_t width, height, pitch, format;
    int32_t decimation, side, is_rgb;
    float share, mean, scale;
};
