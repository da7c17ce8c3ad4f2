// The kernels. eg_render_*: grid (blocks across, blocks down, views), block (32, 8), one launch for all views of a face.
// eg_sparse_*: grid (blocks, 1, 1), block (256).

#include "render.h"
#include "sparse.h"

template <typename T>
__device__ __forceinline__ void eg_render(const uint8_t *frame, const EgFrame *of, const EgView *views, T *out) {
    __shared__ EgTile tile;
    __shared__ EgSteps steps;
    __shared__ EgFrame terms;
    __shared__ EgView view;
    const int32_t thread = threadIdx.y * EG_BLOCK_X + threadIdx.x;
    // Every thread of the block reads the same few words: once from global memory, then from shared memory.
    for (int32_t i = thread; i < (int32_t)(sizeof(EgView) / 4); i += EG_BLOCK_X * EG_BLOCK_Y)
        ((int32_t *)&view)[i] = ((const int32_t *)&views[blockIdx.z])[i];
    for (int32_t i = thread; i < (int32_t)(sizeof(EgFrame) / 4); i += EG_BLOCK_X * EG_BLOCK_Y)
        ((int32_t *)&terms)[i] = ((const int32_t *)of)[i];
    __syncthreads();
    const EgPlace at{(int32_t)blockIdx.x, (int32_t)blockIdx.y, (int32_t)blockIdx.z, thread};
    eg_find(view, at, steps);
    __syncthreads();
    eg_fill(frame, terms, view, at, steps, tile);
    __syncthreads();
    eg_write(terms, view, at, tile, out);
}

extern "C" __global__ void __launch_bounds__(EG_BLOCK_X * EG_BLOCK_Y, 4)
    eg_render_fp32(const uint8_t *frame, const EgFrame *of, const EgView *views, float *out) {
    eg_render(frame, of, views, out);
}

extern "C" __global__ void __launch_bounds__(EG_BLOCK_X * EG_BLOCK_Y, 4)
    eg_render_fp16(const uint8_t *frame, const EgFrame *of, const EgView *views, eg_half *out) {
    eg_render(frame, of, views, out);
}

extern "C" __global__ void __launch_bounds__(EG_SPARSE_BLOCK)
    eg_sparse_fp32(const float *input, const EgSparse *of, float *out) {
    eg_keep_sparse(input, *of, (int32_t)(blockIdx.x * EG_SPARSE_BLOCK + threadIdx.x), out);
}

extern "C" __global__ void __launch_bounds__(EG_SPARSE_BLOCK)
    eg_sparse_fp16(const eg_half *input, const EgSparse *of, float *out) {
    eg_keep_sparse(input, *of, (int32_t)(blockIdx.x * EG_SPARSE_BLOCK + threadIdx.x), out);
}
