// A CUDA driver without a device, for tests: so that PyCUDA's own object code drives the kernels on a machine without a
// GPU. It is as asynchronous as a real one: what is enqueued happens when somebody waits, so that memory which is
// rewritten too early, or read too soon, shows. It refuses what a real driver refuses: calls without a context,
// addresses that are nobody's, functions that are not there. Everything that the gate never calls is in absent.inc.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "../../../engines/render/cuda/host_block.h"
#include "../../../engines/render/cuda/sparse.h"

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
#define EG_EXPORT extern "C" __attribute__((visibility("default")))

enum {
    SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201,
    INVALID_HANDLE = 400, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, NOT_SUPPORTED = 801
};
enum { ATTRIBUTE_MULTIPROCESSORS = 16, ATTRIBUTE_INTEGRATED = 18, ATTRIBUTE_MAJOR = 75, ATTRIBUTE_MINOR = 76 };

namespace {

struct Failure {
    std::string call;
    int after, code;
};

struct Device {
    std::recursive_mutex mutex;
    int is_integrated = 0, retained = 0, sticky = SUCCESS, streams = 0, events = 0, modules = 0, left_before = 0;
    std::map<uintptr_t, size_t> memory;                   // the device's own
    std::map<uintptr_t, std::pair<size_t, bool>> pinned;  // of the host; whether the device sees it too
    std::deque<std::function<CUresult()>> enqueued;
    std::vector<Failure> failures;
    long launches = 0, uploads = 0, downloads = 0;
};

Device device;
int the_context, the_stream_tag = 0x5eed;
thread_local std::vector<int *> contexts;

int everything() {
    return (int)(device.memory.size() + device.pinned.size()) + device.streams + device.events + device.modules +
           device.retained;
}

bool holds(const std::map<uintptr_t, size_t> &blocks, uintptr_t at, size_t bytes) {
    auto next = blocks.upper_bound(at);
    if (next == blocks.begin()) return false;
    --next;
    return at + bytes <= next->first + next->second;
}

// Whether a kernel may touch these bytes.
bool is_visible(const void *pointer, size_t bytes) {
    const uintptr_t at = (uintptr_t)pointer;
    if (holds(device.memory, at, bytes)) return true;
    auto next = device.pinned.upper_bound(at);
    if (next == device.pinned.begin()) return false;
    --next;
    return next->second.second && at + bytes <= next->first + next->second.first;
}

bool is_pinned(const void *pointer, size_t bytes) {
    const uintptr_t at = (uintptr_t)pointer;
    auto next = device.pinned.upper_bound(at);
    if (next == device.pinned.begin()) return false;
    --next;
    return at + bytes <= next->first + next->second.first;
}

// What a call returns before it does anything: an injected failure, the error that the context died of, or no context.
CUresult refusal(const char *call, bool needs_context = true) {
    for (auto &failure : device.failures)
        if (failure.call == call && failure.after-- == 0) {
            if (failure.code >= ILLEGAL_ADDRESS && failure.code < NOT_SUPPORTED) device.sticky = failure.code;
            return failure.code;
        }
    if (!needs_context) return SUCCESS;
    if (contexts.empty()) return INVALID_CONTEXT;
    return device.sticky;
}

CUresult run_all() {
    while (!device.enqueued.empty()) {
        auto work = device.enqueued.front();
        device.enqueued.pop_front();
        const CUresult result = work();
        if (result != SUCCESS) {
            device.enqueued.clear();
            return device.sticky = result;
        }
    }
    return SUCCESS;
}

struct Grid {
    unsigned x, y, z;
};

template <typename T> CUresult run_render(Grid grid, Grid block, const uint64_t *arguments) {
    const uint8_t *frame = (const uint8_t *)arguments[0];
    const EgFrame *of = (const EgFrame *)arguments[1];
    const EgView *views = (const EgView *)arguments[2];
    T *out = (T *)arguments[3];
    if (block.x != EG_BLOCK_X || block.y != EG_BLOCK_Y || block.z != 1) return INVALID_VALUE;
    if (!is_visible(of, sizeof *of) || !is_visible(views, grid.z * sizeof *views)) return ILLEGAL_ADDRESS;
    const size_t rows = of->format == EG_NV12 ? (size_t)of->height * 3 / 2 : (size_t)of->height;
    if (!is_visible(frame, rows * of->pitch)) return ILLEGAL_ADDRESS;
    if (!is_visible(out, (size_t)grid.z * 3 * of->side * of->side * sizeof *out)) return ILLEGAL_ADDRESS;
    for (unsigned z = 0; z < grid.z; ++z)
        for (unsigned y = 0; y < grid.y; ++y)
            for (unsigned x = 0; x < grid.x; ++x)
                eg_run_block(frame, *of, views[z], EgPlace{(int32_t)x, (int32_t)y, (int32_t)z, 0}, out);
    return SUCCESS;
}

template <typename T> CUresult run_sparse(Grid grid, Grid block, const uint64_t *arguments) {
    const T *input = (const T *)arguments[0];
    const EgSparse *of = (const EgSparse *)arguments[1];
    float *out = (float *)arguments[2];
    if (block.x != EG_SPARSE_BLOCK || block.y != 1 || block.z != 1 || grid.y != 1 || grid.z != 1) return INVALID_VALUE;
    if (!is_visible(of, sizeof *of)) return ILLEGAL_ADDRESS;
    const size_t across = (of->side + of->step - 1) / of->step, pictures = of->pictures;
    if (!is_visible(input, pictures * 3 * of->side * of->side * sizeof *input)) return ILLEGAL_ADDRESS;
    if (!is_visible(out, pictures * 3 * across * across * sizeof *out)) return ILLEGAL_ADDRESS;
    for (unsigned x = 0; x < grid.x * EG_SPARSE_BLOCK; ++x) eg_keep_sparse(input, *of, (int32_t)x, out);
    return SUCCESS;
}

// Not the gate's: the yardstick of memory, scripts/gpu_check/copy.cu.
CUresult run_copy(Grid, Grid, const uint64_t *arguments) {
    const void *from = (const void *)arguments[0], *count = (const void *)arguments[2];
    void *to = (void *)arguments[1];
    if (!is_visible(count, sizeof(uint64_t))) return ILLEGAL_ADDRESS;
    const size_t bytes = *(const uint64_t *)count * 16;
    if (!is_visible(from, bytes) || !is_visible(to, bytes)) return ILLEGAL_ADDRESS;
    std::memcpy(to, from, bytes);
    return SUCCESS;
}

struct Function {
    const char *name;
    size_t argument_bytes;
    CUresult (*run)(Grid, Grid, const uint64_t *);
};

const Function functions[] = {
    {"eg_render_fp32", 32, run_render<float>},
    {"eg_render_fp16", 32, run_render<eg_half>},
    {"eg_sparse_fp32", 24, run_sparse<float>},
    {"eg_sparse_fp16", 24, run_sparse<eg_half>},
    {"eg_copy", 24, run_copy},
};

}  // namespace

#define EG_BEGIN(...)                                            \
    std::lock_guard<std::recursive_mutex> held(device.mutex);    \
    if (const CUresult refused = refusal(__VA_ARGS__)) return refused

// What tests say and ask.

EG_EXPORT void eg_begin(int is_integrated) {
    std::lock_guard<std::recursive_mutex> held(device.mutex);
    device.is_integrated = is_integrated, device.sticky = SUCCESS;
    device.failures.clear(), device.enqueued.clear();
    device.left_before = everything();  // of others that live on, and what a lost device could not free
    device.launches = device.uploads = device.downloads = 0;
}
// The call fails with `code` after it was let through `after` times. Codes 700 to 799 are what a context dies of.
EG_EXPORT void eg_fail(const char *call, int after, int code) {
    std::lock_guard<std::recursive_mutex> held(device.mutex);
    device.failures.push_back({call, after, code});
}
EG_EXPORT int eg_left() {
    std::lock_guard<std::recursive_mutex> held(device.mutex);
    return everything() - device.left_before;
}
EG_EXPORT long eg_launches() { return device.launches; }
EG_EXPORT long eg_uploads() { return device.uploads; }
EG_EXPORT long eg_downloads() { return device.downloads; }

// The driver and its one device.

EG_EXPORT CUresult cuInit(unsigned) {
    EG_BEGIN("cuInit", false);
    return SUCCESS;
}
EG_EXPORT CUresult cuDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }
EG_EXPORT CUresult cuDeviceGetCount(int *count) { return *count = 1, SUCCESS; }
EG_EXPORT CUresult cuDeviceGet(CUdevice *found, int ordinal) {
    EG_BEGIN("cuDeviceGet", false);
    return *found = ordinal, ordinal == 0 ? SUCCESS : 101;
}
EG_EXPORT CUresult cuDeviceGetName(char *name, int length, CUdevice) {
    return std::snprintf(name, (size_t)length, "CUDA on the host"), SUCCESS;
}
EG_EXPORT CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) { return *bytes = (size_t)8 << 30, SUCCESS; }
EG_EXPORT CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice) { return *major = 8, *minor = 7, SUCCESS; }
EG_EXPORT CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice) {
    *value = attribute == ATTRIBUTE_MULTIPROCESSORS ? 8
             : attribute == ATTRIBUTE_INTEGRATED    ? device.is_integrated
             : attribute == ATTRIBUTE_MAJOR         ? 8
             : attribute == ATTRIBUTE_MINOR         ? 7
                                                    : 0;
    return SUCCESS;
}
EG_EXPORT CUresult cuGetErrorString(CUresult error, const char **text) {
    *text = error == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : "an error of the stand-in";
    return SUCCESS;
}
EG_EXPORT CUresult cuGetErrorName(CUresult, const char **text) { return *text = "CUDA_ERROR", SUCCESS; }

// Contexts: the primary one alone.

EG_EXPORT CUresult cuDevicePrimaryCtxRetain(int **context, CUdevice) {
    EG_BEGIN("cuDevicePrimaryCtxRetain", false);
    return ++device.retained, *context = &the_context, SUCCESS;
}
EG_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) {
    std::lock_guard<std::recursive_mutex> held(device.mutex);
    return --device.retained, SUCCESS;
}
EG_EXPORT CUresult cuCtxPushCurrent_v2(int *context) { return contexts.push_back(context), SUCCESS; }
EG_EXPORT CUresult cuCtxPopCurrent_v2(int **context) {
    if (contexts.empty()) return INVALID_CONTEXT;
    if (context) *context = contexts.back();
    return contexts.pop_back(), SUCCESS;
}
EG_EXPORT CUresult cuCtxGetCurrent(int **context) {
    return *context = contexts.empty() ? nullptr : contexts.back(), SUCCESS;
}
EG_EXPORT CUresult cuCtxGetDevice(CUdevice *found) { return *found = 0, SUCCESS; }

// Memory.

EG_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
    EG_BEGIN("cuMemAlloc");
    void *block = aligned_alloc(256, (bytes + 255) / 256 * 256);
    std::memset(block, 0xA5, bytes);  // as memory is: whatever was there before
    device.memory[(uintptr_t)block] = bytes;
    return *address = (CUdeviceptr)(uintptr_t)block, SUCCESS;
}
EG_EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
    EG_BEGIN("cuMemFree");
    run_all();
    if (!device.memory.erase((uintptr_t)address)) return INVALID_VALUE;
    return free((void *)(uintptr_t)address), SUCCESS;
}
EG_EXPORT CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
    EG_BEGIN("cuMemHostAlloc");
    void *block = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    std::memset(block, 0xA5, bytes);
    device.pinned[(uintptr_t)block] = {bytes, (flags & 2) != 0};
    return *address = block, SUCCESS;
}
EG_EXPORT CUresult cuMemFreeHost(void *address) {
    EG_BEGIN("cuMemFreeHost");
    run_all();
    if (!device.pinned.erase((uintptr_t)address)) return INVALID_VALUE;
    return free(address), SUCCESS;
}
EG_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *at, void *host, unsigned) {
    EG_BEGIN("cuMemHostGetDevicePointer");
    return is_visible(host, 1) ? (*at = (CUdeviceptr)(uintptr_t)host, SUCCESS) : INVALID_VALUE;
}
EG_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, void *) {
    EG_BEGIN("cuMemcpyHtoDAsync");
    if (!holds(device.memory, (uintptr_t)to, bytes) || !is_pinned(from, bytes)) return INVALID_VALUE;
    ++device.uploads;
    device.enqueued.push_back([=] { return std::memcpy((void *)(uintptr_t)to, from, bytes), SUCCESS; });
    return SUCCESS;
}
EG_EXPORT CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, void *) {
    EG_BEGIN("cuMemcpyDtoHAsync");
    if (!holds(device.memory, (uintptr_t)from, bytes) || !is_pinned(to, bytes)) return INVALID_VALUE;
    ++device.downloads;
    device.enqueued.push_back([=] { return std::memcpy(to, (const void *)(uintptr_t)from, bytes), SUCCESS; });
    return SUCCESS;
}

// Streams and events: one order for everything.

EG_EXPORT CUresult cuStreamCreate(void **stream, unsigned flags) {
    EG_BEGIN("cuStreamCreate");
    if (flags != 1) return INVALID_VALUE;  // the gate's stream never waits for the default one
    return ++device.streams, *stream = &the_stream_tag, SUCCESS;
}
EG_EXPORT CUresult cuStreamDestroy_v2(void *) {
    EG_BEGIN("cuStreamDestroy");
    return --device.streams, SUCCESS;
}
EG_EXPORT CUresult cuStreamSynchronize(void *) {
    EG_BEGIN("cuStreamSynchronize");
    return run_all();
}
EG_EXPORT CUresult cuEventCreate(void **event, unsigned flags) {
    EG_BEGIN("cuEventCreate");
    if (flags != 3) return INVALID_VALUE;  // blocking, without timing: a core must not spin
    return ++device.events, *event = &device.events, SUCCESS;
}
EG_EXPORT CUresult cuEventDestroy_v2(void *) {
    EG_BEGIN("cuEventDestroy");
    return --device.events, SUCCESS;
}
EG_EXPORT CUresult cuEventRecord(void *, void *stream) {
    EG_BEGIN("cuEventRecord");
    return stream == &the_stream_tag ? SUCCESS : INVALID_HANDLE;
}
EG_EXPORT CUresult cuEventSynchronize(void *) {
    EG_BEGIN("cuEventSynchronize");
    return run_all();
}

// Kernels.

EG_EXPORT CUresult cuModuleLoadDataEx(void **module, const void *image, unsigned, int *, void **) {
    EG_BEGIN("cuModuleLoadDataEx");
    static const uint32_t fatbin = 0xBA55ED50;
    if (std::memcmp(image, &fatbin, sizeof fatbin) != 0) return INVALID_IMAGE;
    return ++device.modules, *module = &device.modules, SUCCESS;
}
EG_EXPORT CUresult cuModuleUnload(void *) {
    EG_BEGIN("cuModuleUnload");
    return --device.modules, SUCCESS;
}
EG_EXPORT CUresult cuModuleGetFunction(const void **found, void *, const char *name) {
    EG_BEGIN("cuModuleGetFunction");
    for (const Function &function : functions)
        if (std::strcmp(function.name, name) == 0) return *found = &function, SUCCESS;
    return NOT_FOUND;
}
EG_EXPORT CUresult cuFuncGetAttribute(int *value, int, void *) { return *value = 0, SUCCESS; }
// PyCUDA still says the block's shape once before the launch, which says it again.
EG_EXPORT CUresult cuFuncSetBlockShape(void *, int, int, int) {
    EG_BEGIN("cuFuncSetBlockShape");
    return SUCCESS;
}
EG_EXPORT CUresult cuLaunchKernel(const Function *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                  unsigned block_x, unsigned block_y, unsigned block_z, unsigned, void *stream, void **,
                                  void **extra) {
    EG_BEGIN("cuLaunchKernel");
    if (!grid_x || !grid_y || !grid_z || stream != &the_stream_tag) return INVALID_VALUE;
    // {1, the packed arguments, 2, how many bytes they are, 0}
    if (extra[0] != (void *)1 || extra[2] != (void *)2 || *(size_t *)extra[3] != function->argument_bytes)
        return INVALID_VALUE;
    std::vector<uint64_t> arguments(function->argument_bytes / 8);
    std::memcpy(arguments.data(), extra[1], function->argument_bytes);
    ++device.launches;
    const Grid grid{grid_x, grid_y, grid_z}, block{block_x, block_y, block_z};
    device.enqueued.push_back([=] { return function->run(grid, block, arguments.data()); });
    return SUCCESS;
}

#define EG_ABSENT(name) \
    EG_EXPORT CUresult name() { return NOT_SUPPORTED; }
#include "absent.inc"
