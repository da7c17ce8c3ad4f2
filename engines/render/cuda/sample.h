// Steps 1 to 3 of engines/render/spec.py: place, sample, occlude. All arithmetic on colors is in integers or is
// rounded as IEEE 754 says, so that host and device give the same bytes (compile without contraction: -fmad=false).

#pragma once

#include "platform.h"
#include "views.h"

struct EgColor {
    int32_t b, g, r;
};

EG_DEVICE int32_t eg_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : (value > high ? high : value);
}

// BT.601, limited range, in 20-bit fixed point: the integers that OpenCV uses, so that a frame has one color.
EG_DEVICE EgColor eg_nv12(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    const uint8_t *chroma = frame + (size_t)of.pitch * (of.height + y / 2) + (x & ~1);
    const int32_t u = (int32_t)eg_read(chroma) - 128, v = (int32_t)eg_read(chroma + 1) - 128;
    const int32_t luma = eg_clamp((int32_t)eg_read(frame + (size_t)of.pitch * y + x) - 16, 0, 255) * 1220542 + (1 << 19);
    return EgColor{eg_clamp((luma + 2116026 * u) >> 20, 0, 255), eg_clamp((luma - 409993 * u - 852492 * v) >> 20, 0, 255),
                   eg_clamp((luma + 1673527 * v) >> 20, 0, 255)};
}

EG_DEVICE EgColor eg_pixel(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    if (of.format == EG_NV12) return eg_nv12(frame, of, x, y);
    const uint8_t *at = frame + (size_t)of.pitch * y + 3 * (size_t)x;
    return EgColor{eg_read(at), eg_read(at + 1), eg_read(at + 2)};
}

// The mean of an n x n block, rounded half up; black outside the level.
EG_DEVICE EgColor eg_level(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    const int32_t n = of.decimation;
    if (x < 0 || y < 0 || x >= of.width / n || y >= of.height / n) return EgColor{0, 0, 0};
    if (n == 1) return eg_pixel(frame, of, x, y);
    EgColor sum{0, 0, 0};
    for (int32_t dy = 0; dy < n; ++dy)
        for (int32_t dx = 0; dx < n; ++dx) {
            const EgColor one = eg_pixel(frame, of, x * n + dx, y * n + dy);
            sum.b += one.b, sum.g += one.g, sum.r += one.r;
        }
    const int32_t area = n * n;
    return EgColor{(2 * sum.b + area) / (2 * area), (2 * sum.g + area) / (2 * area), (2 * sum.r + area) / (2 * area)};
}

EG_DEVICE int32_t eg_mixed(int32_t a, int32_t b, int32_t c, int32_t d, float right, float low) {
    const float upper = (1.0f - right) * (float)a + right * (float)b;
    const float lower = (1.0f - right) * (float)c + right * (float)d;
    return eg_clamp((int32_t)floorf((1.0f - low) * upper + low * lower + 0.5f), 0, 255);
}

EG_DEVICE bool eg_is_hidden(const EgView &view, int32_t u, int32_t v) {
    for (int32_t i = 0; i < view.hole_count; ++i) {
        const EgHole &hole = view.holes[i];
        if (u >= hole.left && u < hole.right && v >= hole.top && v < hole.bottom) return true;
    }
    return false;
}

// The color of pixel (u, v) of the placed crop, painted over where a mask lies, before any filter.
EG_DEVICE EgColor eg_sampled(const uint8_t *frame, const EgFrame &of, const EgView &view, int32_t u, int32_t v) {
    if (eg_is_hidden(view, u, v)) return EgColor{view.fill, view.fill, view.fill};
    const float *m = view.to_level;
    const float x = m[0] * (float)u + m[1] * (float)v + m[2], y = m[3] * (float)u + m[4] * (float)v + m[5];
    const float left = floorf(x), top = floorf(y);
    const int32_t at_x = (int32_t)left + view.origin_x, at_y = (int32_t)top + view.origin_y;
    const EgColor a = eg_level(frame, of, at_x, at_y), b = eg_level(frame, of, at_x + 1, at_y);
    const EgColor c = eg_level(frame, of, at_x, at_y + 1), d = eg_level(frame, of, at_x + 1, at_y + 1);
    const float right = x - left, low = y - top;
    return EgColor{eg_mixed(a.b, b.b, c.b, d.b, right, low), eg_mixed(a.g, b.g, c.g, d.g, right, low),
                   eg_mixed(a.r, b.r, c.r, d.r, right, low)};
}
