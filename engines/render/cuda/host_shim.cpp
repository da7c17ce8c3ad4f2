// The kernels without a GPU, for tests: block by block.

#include "host_block.h"

template <typename T>
static void render(const uint8_t *frame, const EgFrame *of, const EgView *views, int32_t count, T *out) {
    const int32_t across = (of->side + EG_BLOCK_X - 1) / EG_BLOCK_X, down = (of->side + EG_BLOCK_Y - 1) / EG_BLOCK_Y;
    for (int32_t view = 0; view < count; ++view)
        for (int32_t y = 0; y < down; ++y)
            for (int32_t x = 0; x < across; ++x) eg_run_block(frame, *of, views[view], EgPlace{x, y, view, 0}, out);
}

extern "C" void eg_host_fp32(const uint8_t *frame, const EgFrame *of, const EgView *views, int32_t count, float *out) {
    render(frame, of, views, count, out);
}

extern "C" void eg_host_fp16(const uint8_t *frame, const EgFrame *of, const EgView *views, int32_t count, eg_half *out) {
    render(frame, of, views, count, out);
}

extern "C" int32_t eg_host_size_of_view() { return (int32_t)sizeof(EgView); }
extern "C" int32_t eg_host_size_of_frame() { return (int32_t)sizeof(EgFrame); }
