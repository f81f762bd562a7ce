// Tests of the emulated CUDA device itself: that it computes what a device would, and that each thing it is there to find is
// found.
//
//   dinf_emulation_tests_normal | dinf_emulation_tests_races  [part of a case's name]
#include <atomic>
#include <thread>
#include "emulation.h"
#include "emulation_kernels.cuh"
#include "launch.h"
#include "test/check.h"

using cuda_emulation::options;
using cuda_emulation::Order;
using cuda_emulation::reports;
using cuda_emulation::statistics;
using dinf::cuda::checkCuda;
using dinf::cuda::launch;
using dinf::test::testCase;

namespace {

// ---- helpers of the host
template <class T>
struct Buffer {
  T* data = nullptr;
  size_t count;
  explicit Buffer(size_t n) : count(n) { checkCuda(cudaMalloc(&data, n * sizeof(T)), "cudaMalloc"); }
  Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    checkCuda(cudaMemcpy(data, values.data(), count * sizeof(T), cudaMemcpyHostToDevice), "copy to the device");
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() { cudaFree(data); }
  std::vector<T> read() const {
    std::vector<T> values(count);
    checkCuda(cudaMemcpy(values.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost), "copy from the device");
    return values;
  }
};
struct Stream {
  cudaStream_t handle = nullptr;
  Stream() { checkCuda(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking), "stream"); }
  ~Stream() { cudaStreamDestroy(handle); }
};
// A case starts on a fresh machine and ends without a failure that it did not expect.
template <class F>
void emulationCase(const std::string& name, F body) {
  testCase(name, [&] {
    const auto defaults = options();
    options().quiet = true;
    cuda_emulation::restart();
    body();
    DINF_EXPECT(statistics().failures == 0, "unexpected: %s", reports().empty() ? "?" : reports().back().c_str());
    options() = defaults;
    cuda_emulation::restart();
  });
}
// Runs `body` in every order of threads and blocks.
template <class F>
void inEveryOrder(F body) {
  for (const Order order : {Order::ascending, Order::descending, Order::shuffled}) {
    options().order = order;
    body();
  }
}
// `body` must make the device report `what`, with the file and line of the offence and the kernel's name.
template <class F>
void expectFound(const char* what, const char* kernel, F body) {
  const auto before = statistics().failures;
  body();
  const cudaError_t error = cudaDeviceSynchronize();
  const std::string text = reports().empty() ? "" : reports().back();
  DINF_EXPECT(statistics().failures > before, "%s: not found in %s", what, kernel);
  DINF_EXPECT(error == cudaErrorLaunchFailure, "the device answers %s", cudaGetErrorName(error));
  bool said = false;
  for (const std::string& report : reports())
    said |= report.find(what) != std::string::npos && report.find(kernel) != std::string::npos &&
            report.find("emulation_kernels.cuh:") != std::string::npos;
  DINF_EXPECT(said, "%s in %s: the report is '%s'", what, kernel, text.c_str());
  cuda_emulation::forgive();
  statistics().failures = 0;
}

// ---- cases
std::vector<float> ramp(size_t n) {
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i) x[i] = float(i);
  return x;
}

void computation() {
  emulationCase("barriers, static and dynamic shared memory, every order", [] {
    inEveryOrder([] {
      Buffer<float> x(ramp(1024)), y(1024);
      launch(reverseBlock, 4, 256, 0, nullptr, x.data, y.data);
      launch(dynamicReverse, 1, 256, sizeof(Tile), nullptr, x.data);
      const auto a = y.read(), b = x.read();
      DINF_EXPECT(a[0] == 255 && a[256] == 511 && a[1023] == 768, "reversed: %g %g %g", a[0], a[256], a[1023]);
      DINF_EXPECT(b[0] == 255 && b[255] == 0, "reversed in dynamic memory: %g %g", b[0], b[255]);
    });
  });
  emulationCase("scan of 1024 threads, block of a size that is no multiple of a warp", [] {
    inEveryOrder([] {
      for (const unsigned n : {1u, 31u, 33u, 1000u, 1024u}) {
        Buffer<int> x(std::vector<int>(n, 1)), y(n);
        launch(scan, 1, n, 0, nullptr, x.data, y.data);
        const auto sums = y.read();
        for (unsigned i = 0; i < n; ++i) DINF_EXPECT(sums[i] == int(i) + 1, "n %u: %d at %u", n, sums[i], i);
      }
    });
  });
  emulationCase("shuffles, votes, partial masks", [] {
    inEveryOrder([] {
      Buffer<double> x(std::vector<double>(1000, 0.5)), y(1);
      launch(warpSum, 1, 256, 0, nullptr, x.data, y.data, 1000);
      DINF_EXPECT(y.read()[0] == 500, "sum %g", y.read()[0]);
      Buffer<int> halves(64);
      launch(unevenHalves, 1, 64, 0, nullptr, halves.data);
      const auto h = halves.read();
      for (int t = 0; t < 64; ++t) {
        const int lane = 31 - t % 32;
        const int expected = lane < 16 ? (lane + 3) % 16 : 16 + (lane + 1) % 16;
        DINF_EXPECT(h[t] == expected, "lane %d: %d, expected %d", t, h[t], expected);
      }
      Buffer<unsigned> v(8);
      launch(votes, 1, 64, 0, nullptr, v.data);
      DINF_EXPECT(v.read() == (std::vector<unsigned>{0xaaaaaaaau, 1, 1, 0, 22, 0, 1, ~0u}), "votes");
    });
  });
  emulationCase("atomics", [] {
    Buffer<int> i(std::vector<int>(5, 0));
    Buffer<unsigned long long> u(std::vector<unsigned long long>(1, 5));
    Buffer<float> f(std::vector<float>(1, 0));
    Buffer<double> d(std::vector<double>(1, 0));
    Buffer<unsigned> wrap(std::vector<unsigned>(1, 0));
    launch(atomics, 3, 100, 0, nullptr, i.data, u.data, f.data, d.data, wrap.data);
    DINF_EXPECT(i.read() == (std::vector<int>{300, 99, -99, 255, 600}), "integers");
    DINF_EXPECT(u.read()[0] == 5 + (300ull << 33) && f.read()[0] == 150 && d.read()[0] == 75 && wrap.read()[0] == 0, "others");
    DINF_EXPECT(statistics().floatAtomics == 600, "float atomics counted: %d", int(statistics().floatAtomics));
  });
  emulationCase("correct code passes the detector: fences, warps, bytes, parameters, constants", [] {
    inEveryOrder([] {
      Buffer<float> x(std::vector<float>(50, 2)), parts(50), y(1), z(128);
      Buffer<unsigned> count(std::vector<unsigned>(1, 0));
      launch(lastBlockSums, 50, 32, 0, nullptr, x.data, parts.data, count.data, y.data);
      DINF_EXPECT(y.read()[0] == 100, "last block: %g", y.read()[0]);
      Buffer<int> w(64);
      launch(warpSynchronous, 1, 64, 0, nullptr, w.data);
      for (int t = 0; t < 64; ++t) DINF_EXPECT(w.read()[t] == t, "thread %d: %d", t, w.read()[t]);
      Buffer<unsigned char> b(64);
      launch(bytes, 1, 64, 0, nullptr, b.data);
      DINF_EXPECT(b.read()[63] == 63, "bytes");
      Big big{3, {7, 8, 9}};
      launch(parameters, 1, 128, 0, nullptr, big, z.data);
      DINF_EXPECT(z.read()[4] == 8, "parameters");
      const float values[4] = {1, 2, 3, 4};
      checkCuda(cudaMemcpyToSymbol(coefficients, values, sizeof values), "constants");
      launch(constants, 1, 128, 0, nullptr, z.data);
      DINF_EXPECT(z.read()[127] == 4, "constants");
    });
  });
  emulationCase("fresh memory and fresh shared memory are NaN", [] {
    Buffer<float> x(256), y(256);
    for (const float v : x.read()) DINF_EXPECT(std::isnan(v), "fresh memory holds %g", v);
    if (cuda_emulation::instrumented()) return;  // there it is reported instead: see "unwritten"
    Buffer<float> full(ramp(1024)), out(1024);
    launch(reverseBlock, 4, 256, 0, nullptr, full.data, out.data);  // leaves its values behind
    for (int repeat = 0; repeat < 3; ++repeat) {
      launch(unwrittenShared, 2 + repeat, 64, 0, nullptr, y.data);
      const auto seen = y.read();
      DINF_EXPECT(seen[31] == 1 && std::isnan(seen[32]) && std::isnan(seen[63]), "unwritten shared memory holds %g", seen[32]);
    }
  });
  emulationCase("math as CUDA defines it", [] {
    Buffer<double> y(2 * 600 + 8);
    launch(mathematics, 1, 600, 0, nullptr, y.data);
    const auto values = y.read();
    for (int i = 0; i < 600; ++i) {
      const double angle = M_PI * (-3 + 0.01 * i);
      DINF_EXPECT(std::abs(values[i] - std::sin(angle)) < 3e-15 && std::abs(values[600 + i] - std::cos(angle)) < 3e-15,
                  "sincospi %d", i);
    }
    const double expected[] = {1, 0, -2.5, 1.5, 3, 31, 0.5, 3};
    for (int i = 0; i < 8; ++i)
      DINF_EXPECT(values[1200 + i] == expected[i], "%d: %g, expected %g", i, values[1200 + i], expected[i]);
  });
}

void findings() {
  emulationCase("found: divergent barriers, deadlocks", [] {
    inEveryOrder([] {
      Buffer<float> x(64);
      Buffer<int> i(32), flag(std::vector<int>(1, 0));
      expectFound("divergent __syncthreads()", "divergentBarrier", [&] { launch(divergentBarrier, 1, 64, 0, nullptr, x.data); });
      expectFound("__syncthreads() after 1 threads", "barrierAfterReturn",
                  [&] { launch(barrierAfterReturn, 1, 64, 0, nullptr); });
      expectFound("deadlock: a warp operation", "shuffleWithoutSome",
                  [&] { launch(shuffleWithoutSome, 1, 32, 0, nullptr, i.data); });
      expectFound("takes no part in it", "shuffleFromNobody", [&] { launch(shuffleFromNobody, 1, 32, 0, nullptr, i.data); });
      expectFound("own warp operation", "shuffleOutsideMask", [&] { launch(shuffleOutsideMask, 1, 32, 0, nullptr, i.data); });
      expectFound("waits for what its block never does", "spin", [&] { launch(spin, 1, 1, 0, nullptr, flag.data); });
      launch(fill, 1, 32, 0, nullptr, x.data, 3.f);  // and afterwards the device works
      DINF_EXPECT(x.read()[31] == 3, "after a failure: %g", x.read()[31]);
    });
  });
  emulationCase("found: a write past an allocation, when it is freed", [] {
    if (cuda_emulation::instrumented()) return;
    float* x = nullptr;
    checkCuda(cudaMalloc(&x, 12), "malloc");
    launch(outOfBounds, 1, 1, 0, nullptr, x, 3);
    cudaFree(x);
    DINF_EXPECT(statistics().failures == 1 && reports().back().find("allocation of 12 bytes") != std::string::npos, "red zone");
    cuda_emulation::forgive();
    statistics().failures = 0;
  });
  emulationCase("without the detector, thread orders show a missing barrier", [] {
    if (cuda_emulation::instrumented()) return;
    std::vector<std::vector<float>> results;
    inEveryOrder([&] {
      Buffer<float> x(ramp(256)), y(256);
      launch(missingBarrier, 1, 256, 0, nullptr, x.data, y.data);
      results.push_back(y.read());
    });
    const auto same = [](const auto& a, const auto& b) { return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; };
    DINF_EXPECT(!same(results[0], results[1]) && !same(results[1], results[2]), "the same bits in every order");
  });
  if (!cuda_emulation::instrumented()) return;
  emulationCase("found: races", [] {
    inEveryOrder([] {
      Buffer<float> x(ramp(256)), y(256), one(1);
      Buffer<int> i(256);
      Buffer<unsigned> count(std::vector<unsigned>(1, 0));
      const auto race = [](const char* what, const char* name, auto run) { expectFound(what, name, run); };
      race("without a barrier (shared memory)", "missingSecondBarrier",
           [&] { launch(missingSecondBarrier, 1, 64, 0, nullptr, y.data); });
      race("without a barrier (shared memory)", "missingWarpSync", [&] { launch(missingWarpSync, 1, 32, 0, nullptr, i.data); });
      race("without a barrier (shared memory)", "shuffleIsNoFence", [&] { launch(shuffleIsNoFence, 1, 32, 0, nullptr, i.data); });
      race("without a barrier (shared memory)", "lostUpdate", [&] { launch(lostUpdate, 1, 64, 0, nullptr, i.data); });
      race("without a barrier (device memory)", "blocksCollide", [&] { launch(blocksCollide, 2, 32, 0, nullptr, x.data); });
      race("without a barrier (device memory)", "lastBlockWithoutFence",
           [&] { launch(lastBlockWithoutFence, 4, 1, 0, nullptr, x.data, count.data, one.data); });
      cudaMemset(count.data, 0, 4);
    });
    inEveryOrder([] {
      Buffer<float> x(ramp(256)), y(256);
      expectFound("(shared memory)", "missingBarrier", [&] { launch(missingBarrier, 1, 256, 0, nullptr, x.data, y.data); });
    });
  });
  emulationCase("found: out of bounds, unwritten shared memory, another device's memory", [] {
    options().devices = 2;
    cuda_emulation::restart();
    Buffer<float> y(256);
    {
      Buffer<float> x(3);
      expectFound("outside every allocation", "outOfBounds", [&] { launch(outOfBounds, 1, 1, 0, nullptr, x.data, 3); });
    }
    DINF_EXPECT(statistics().failures == 1, "the same write, found again when freed");
    cuda_emulation::forgive();
    statistics().failures = 0;
    expectFound("beyond the dynamic shared memory", "dynamicOutOfBounds",
                [&] { launch(dynamicOutOfBounds, 1, 64, 128, nullptr, y.data); });
    expectFound("never wrote", "unwrittenShared", [&] { launch(unwrittenShared, 1, 64, 0, nullptr, y.data); });
    checkCuda(cudaSetDevice(1), "device 1");
    expectFound("another device", "fill", [&] { launch(fill, 1, 32, 0, nullptr, y.data, 1.f); });
    checkCuda(cudaSetDevice(0), "device 0");
  });
}

template <class F>
std::string codeOf(F body) {
  try {
    body();
  } catch (const dinf::Failure& failure) {
    return failure.code;
  }
  return "";
}

void machine() {
  emulationCase("memory runs out and comes back", [] {
    options().memory = size_t(1) << 20;
    cuda_emulation::restart();
    size_t free = 0, total = 0;
    {
      Buffer<char> most(900 << 10);
      cudaMemGetInfo(&free, &total);
      DINF_EXPECT(total == 1 << 20 && free == 124 << 10, "free %zu of %zu", free, total);
      DINF_EXPECT(codeOf([] { Buffer<char> more(200 << 10); }) == "OUT_OF_MEMORY", "no error");
      Buffer<char> rest(124 << 10);
    }
    Buffer<char> all(1 << 20);
    DINF_EXPECT(cudaPeekAtLastError() == cudaSuccess, "an error is left behind");
  });
  emulationCase("no device, no driver, several devices", [] {
    options().devices = 0;
    int n = 7;
    DINF_EXPECT(cudaGetDeviceCount(&n) == cudaErrorNoDevice && n == 0, "count %d", n);
    DINF_EXPECT(codeOf([] { Buffer<float> x(1); }) == "NO_SUCH_DEVICE", "no device");
    options().devices = 2;
    options().driverVersion = 0;
    DINF_EXPECT(cudaGetDeviceCount(&n) == cudaErrorInsufficientDriver, "no driver");
    options().driverVersion = 13000;
    cuda_emulation::restart();
    DINF_EXPECT(cudaGetDeviceCount(&n) == cudaSuccess && n == 2, "count %d", n);
    DINF_EXPECT(codeOf([] { checkCuda(cudaSetDevice(2), "cuda:2"); }) == "NO_SUCH_DEVICE", "device 2 of 2");
    cudaGetLastError();
    checkCuda(cudaSetDevice(1), "cuda:1");
    Stream onOne;
    Buffer<float> x(32);
    launch(fill, 1, 32, 0, onOne.handle, x.data, 4.f);
    checkCuda(cudaStreamSynchronize(onOne.handle), "synchronize");
    DINF_EXPECT(x.read()[3] == 4, "on device 1: %g", x.read()[3]);
    checkCuda(cudaSetDevice(0), "cuda:0");
    DINF_EXPECT(codeOf([&] { launch(fill, 1, 32, 0, onOne.handle, x.data, 4.f); }) == "INTERNAL", "a stream of another device");
  });
  emulationCase("limits of blocks, grids, shared memory, copies", [] {
    Buffer<float> x(256);
    const auto refused = [&](dim3 grid, dim3 block, size_t shared) {
      return codeOf([&] { launch(dynamicReverse, grid, block, shared, nullptr, x.data); }) == "INTERNAL";
    };
    DINF_EXPECT(refused(1, 1025, 2048), "1025 threads");
    DINF_EXPECT(refused(1, dim3(1, 1, 65), 2048), "65 threads along z");
    DINF_EXPECT(refused(dim3(1, 65536), 32, 2048) && refused(0, 32, 2048), "grid");
    const size_t room = dinf::cuda::dynamicRoom(reinterpret_cast<const void*>(&dynamicReverse));
    DINF_EXPECT(room < 227 << 10 && room > 226 << 10, "%zu bytes of 227 KB beside what is static", room);
    DINF_EXPECT(refused(1, 256, room + 1), "more than 227 KB");
    launch(dynamicReverse, 1, 256, room, nullptr, x.data);
    cudaFuncAttributes attributes;
    cudaFuncGetAttributes(&attributes, dynamicReverse);
    DINF_EXPECT(attributes.maxDynamicSharedSizeBytes == int(room), "the attribute stays at the most: %d", attributes.maxDynamicSharedSizeBytes);
    cudaLaunchConfig_t direct{};
    direct.blockDim = 32;
    direct.dynamicSmemBytes = (48 << 10) + 1;
    DINF_EXPECT(cudaLaunchKernelEx(&direct, twice, x.data, x.data) == cudaErrorInvalidValue, "more than 48 KB without asking");
    float host[300];
    DINF_EXPECT(cudaMemcpy(host, x.data, 257 * 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue, "a copy past the end");
    DINF_EXPECT(cudaMemcpy(host, x.data, 4, cudaMemcpyHostToDevice) == cudaErrorInvalidValue, "a copy in the wrong direction");
    cudaGetLastError();
  });
  emulationCase("deferred streams: a missing event shows in some order", [] {
    options().deferred = true;
    std::vector<float> with, without;
    inEveryOrder([&] {
      for (const bool event : {true, false}) {
        Buffer<float> x(std::vector<float>(32, 0)), y(32);
        Stream a, b;
        cudaEvent_t done;
        cudaEventCreateWithFlags(&done, cudaEventDisableTiming);
        launch(fill, 1, 32, 0, a.handle, x.data, 3.f);
        cudaEventRecord(done, a.handle);
        if (event) cudaStreamWaitEvent(b.handle, done);
        launch(twice, 1, 32, 0, b.handle, x.data, y.data);
        checkCuda(cudaStreamSynchronize(b.handle), "synchronize");
        (event ? with : without).push_back(y.read()[0]);
        cudaEventDestroy(done);
      }
    });
    for (const float v : with) DINF_EXPECT(v == 6, "with an event: %g", v);
    DINF_EXPECT(std::count(without.begin(), without.end(), 0.f) > 0, "the missing event never shows");
  });
  emulationCase("pinned memory: mapped, copied later than pageable memory", [] {
    options().deferred = true;
    float* pinned = nullptr;
    checkCuda(cudaHostAlloc(&pinned, 128, cudaHostAllocMapped | cudaHostAllocPortable), "pinned");
    float* device = nullptr;
    checkCuda(cudaHostGetDevicePointer(&device, pinned, 0), "mapped");
    Stream s;
    launch(fill, 1, 32, 0, s.handle, device, 5.f);
    DINF_EXPECT(std::isnan(pinned[0]), "written before anything waited");
    checkCuda(cudaStreamSynchronize(s.handle), "synchronize");
    DINF_EXPECT(pinned[31] == 5, "mapped memory holds %g", pinned[31]);
    checkCuda(cudaFreeHost(pinned), "free");
  });
  for (const auto mode : {cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed})
    emulationCase(std::string("graph with a fork and a join, replayed, ") +
                      (mode == cudaStreamCaptureModeRelaxed ? "relaxed" : "thread local"),
                  [mode] {
                    inEveryOrder([mode] {
                      Buffer<float> x(std::vector<float>(32, 0)), y(std::vector<float>(32, 0));
                      Stream s, t;
                      cudaEvent_t fork, join;
                      cudaEventCreateWithFlags(&fork, cudaEventDisableTiming);
                      cudaEventCreateWithFlags(&join, cudaEventDisableTiming);
                      checkCuda(cudaStreamBeginCapture(s.handle, mode), "capture");
                      launch(add, 1, 32, 0, s.handle, x.data, 1.f);
                      cudaEventRecord(fork, s.handle);
                      cudaStreamWaitEvent(t.handle, fork);
                      launch(add, 1, 32, 0, t.handle, y.data, 2.f);
                      cudaEventRecord(join, t.handle);
                      launch(add, 1, 32, 0, s.handle, x.data, 1.f);
                      cudaStreamWaitEvent(s.handle, join);
                      launch(twice, 1, 32, 0, s.handle, x.data, y.data);
                      if (mode == cudaStreamCaptureModeRelaxed) Buffer<float> allowed(4);
                      cudaGraph_t graph;
                      checkCuda(cudaStreamEndCapture(s.handle, &graph), "end of capture");
                      cudaGraphExec_t a, b;
                      checkCuda(cudaGraphInstantiate(&a, graph, 0), "instantiate");
                      checkCuda(cudaGraphInstantiate(&b, graph, nullptr, nullptr, 0), "instantiate");
                      cudaGraphDestroy(graph);
                      DINF_EXPECT(x.read()[0] == 0, "ran while it was captured: %g", x.read()[0]);
                      for (int i = 0; i < 5; ++i) checkCuda(cudaGraphLaunch(i % 2 ? a : b, s.handle), "replay");
                      checkCuda(cudaStreamSynchronize(s.handle), "synchronize");
                      DINF_EXPECT(x.read()[31] == 10 && y.read()[0] == 20, "replayed: %g %g", x.read()[31], y.read()[0]);
                      cudaGraphExecDestroy(a), cudaGraphExecDestroy(b);
                      cudaEventDestroy(fork), cudaEventDestroy(join);
                    });
                  });
  emulationCase("what a capture forbids", [] {
    Stream s, t;
    Buffer<float> x(32);
    cudaGraph_t graph;
    cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeThreadLocal);
    DINF_EXPECT(cudaStreamSynchronize(t.handle) == cudaSuccess, "another stream may be waited for");
    std::thread([&] { DINF_EXPECT(codeOf([] { Buffer<float> other(4); }).empty(), "another thread may allocate"); }).join();
    float* y = nullptr;
    DINF_EXPECT(cudaMalloc(&y, 4) == cudaErrorStreamCaptureUnsupported, "cudaMalloc while capturing");
    DINF_EXPECT(cudaStreamEndCapture(s.handle, &graph) == cudaErrorStreamCaptureInvalidated && !graph, "the capture lives on");
    cudaEvent_t fork;
    cudaEventCreate(&fork);
    cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeThreadLocal);
    cudaEventRecord(fork, s.handle);
    cudaStreamWaitEvent(t.handle, fork);
    launch(fill, 1, 32, 0, t.handle, x.data, 1.f);
    DINF_EXPECT(cudaStreamEndCapture(s.handle, &graph) == cudaErrorStreamCaptureUnjoined, "a branch that never joins");
    cudaEventDestroy(fork);
    cudaGetLastError();
  });
  emulationCase("several host threads", [] {
    options().devices = 2;
    cuda_emulation::restart();
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k)
      threads.emplace_back([k, &wrong] {
        checkCuda(cudaSetDevice(k % 2), "device");
        Stream s;
        for (int i = 0; i < 20; ++i) {
          std::vector<float> values = ramp(1024);
          for (float& v : values) v += float(k);
          Buffer<float> x(values), y(1024);
          launch(reverseBlock, 4, 256, 0, s.handle, x.data, y.data);
          checkCuda(cudaStreamSynchronize(s.handle), "synchronize");
          wrong += y.read()[0] != 255 + float(k);
        }
      });
    for (std::thread& thread : threads) thread.join();
    DINF_EXPECT(wrong == 0, "%d wrong results", wrong.load());
  });
}

}  // namespace

int main(int argc, char** argv) {
  dinf::test::Report& report = dinf::test::report();
  if (argc > 1) report.filter = argv[1];
  std::printf("emulated CUDA device, %s\n",
              cuda_emulation::instrumented() ? "with the race detector" : "without the race detector");
  computation();
  findings();
  machine();
  std::printf("%d passed, %d failed\n", report.passed, report.failed);
  return report.failed == 0 && report.passed > 0 ? 0 : 1;
}
