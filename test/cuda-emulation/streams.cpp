// Streams, events and graphs. An operation knows which others must come first. At once: operations run as they are issued.
// Deferred: they run when something waits for them, in any order their dependencies allow, so that a missing event shows.
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include "machine.h"

namespace cuda_emulation {

using Clock = std::chrono::steady_clock;
struct Node {
  std::function<void()> work;
  std::vector<uint64_t> after;  // earlier nodes of the graph
};
struct Graph {
  std::shared_ptr<const std::vector<Node>> nodes;
};
struct Capture {
  std::vector<Node> nodes;
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  Stream* origin;
  bool invalid = false;
};
struct Stream {
  int device = 0;
  bool blocking = true;
  uint64_t tail = 0;
  std::shared_ptr<Capture> capture;
  std::vector<uint64_t> captureTail;
};
struct Event {
  uint64_t operation = 0;
  bool recorded = false;
  std::shared_ptr<Capture> capture;
  std::vector<uint64_t> captureTail;
  std::shared_ptr<Clock::time_point> time = std::make_shared<Clock::time_point>();
};

namespace {

struct Operation {
  std::function<void()> work;
  std::vector<uint64_t> after;
  int device;
};
std::map<uint64_t, Operation> pending;
uint64_t issued = 0;
Stream legacy[kMaxDevices];
std::set<Stream*> streams;
std::set<std::shared_ptr<Capture>> captures;
thread_local cudaStreamCaptureMode threadMode = cudaStreamCaptureModeGlobal;

Stream& of(cudaStream_t stream) {
  if (stream) return *stream;
  Stream& s = legacy[currentDevice()];
  s.device = currentDevice();
  return s;
}
bool isReady(const std::vector<uint64_t>& after) {
  return std::none_of(after.begin(), after.end(), [](uint64_t id) { return pending.count(id) != 0; });
}
// One of the operations that may run now, as the order of the options chooses.
void runOne() {
  std::vector<uint64_t> ready;
  for (const auto& [id, operation] : pending) {
    if (!isReady(operation.after)) continue;
    ready.push_back(id);
    if (options().order == Order::ascending) break;
  }
  const uint64_t id = options().order == Order::ascending    ? ready.front()
                      : options().order == Order::descending ? ready.back()
                                                             : ready[random() % ready.size()];
  const auto work = std::move(pending[id].work);
  work();
  pending.erase(id);
}
void drainTo(uint64_t id) {
  while (pending.count(id)) runOne();
}
cudaError_t afterDrain(int device) {
  Entry entry;
  return device == currentDevice() ? entry.refusal : cudaSuccess;
}
cudaError_t invalidate(Stream& stream) {
  stream.capture->invalid = true;
  return setError(cudaErrorStreamCaptureUnsupported);
}
// The legacy stream and blocking streams wait for each other; non-blocking ones for nobody.
std::vector<uint64_t> dependencies(cudaStream_t handle, const Stream& stream) {
  std::vector<uint64_t> after{stream.tail};
  if (handle && stream.blocking) after.push_back(legacy[stream.device].tail);
  if (!handle)
    for (const Stream* s : streams)
      if (s->device == stream.device && s->blocking) after.push_back(s->tail);
  return after;
}
void runGraph(const std::vector<Node>& nodes) {
  if (options().order == Order::ascending) {
    for (const Node& node : nodes) node.work();
    return;
  }
  std::vector<bool> done(nodes.size());
  std::vector<size_t> ready;
  for (size_t finished = 0; finished < nodes.size(); ++finished) {
    ready.clear();
    for (size_t i = 0; i < nodes.size(); ++i)
      if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), [&](uint64_t a) { return done[a]; }))
        ready.push_back(i);
    const size_t i = options().order == Order::descending ? ready.back() : ready[random() % ready.size()];
    nodes[i].work();
    done[i] = true;
  }
}

}  // namespace

int deviceOf(cudaStream_t stream) { return of(stream).device; }
cudaError_t enqueue(cudaStream_t handle, std::function<void()> work) {
  Stream& stream = of(handle);
  if (stream.capture) {
    Capture& capture = *stream.capture;
    if (capture.invalid) return setError(cudaErrorStreamCaptureInvalidated);
    capture.nodes.push_back({std::move(work), stream.captureTail});
    stream.captureTail = {capture.nodes.size() - 1};
    return cudaSuccess;
  }
  if (!handle)
    for (const Stream* s : streams)
      if (s->capture && s->blocking && s->device == stream.device) {
        s->capture->invalid = true;
        return setError(cudaErrorStreamCaptureImplicit);
      }
  if (!options().deferred) {
    while (!pending.empty()) runOne();  // issued while operations were deferred
    work();
    return cudaSuccess;
  }
  pending[++issued] = {std::move(work), dependencies(handle, stream), stream.device};
  stream.tail = issued;
  return cudaSuccess;
}
cudaError_t refuseWhileCapturing() {
  if (threadMode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  for (const auto& capture : captures) {
    const bool own = capture->thread == std::this_thread::get_id() && capture->mode != cudaStreamCaptureModeRelaxed;
    if (own || capture->mode == cudaStreamCaptureModeGlobal) {
      capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
  }
  return cudaSuccess;
}
cudaError_t drainDevice() {
  const int device = currentDevice();
  for (;;) {
    const auto any =
        std::find_if(pending.begin(), pending.end(), [&](const auto& entry) { return entry.second.device == device; });
    if (any == pending.end()) return afterDrain(device);
    runOne();
  }
}
void restartStreams() {
  pending.clear();
  captures.clear();
  for (Stream* stream : streams) stream->capture.reset();
}

}  // namespace cuda_emulation
using namespace cuda_emulation;

cudaError_t cudaDeviceSynchronize() {
  EMULATION_ENTRY;
  for (const auto& capture : captures)
    if (capture->origin->device == currentDevice()) {
      capture->invalid = true;
      return setError(cudaErrorStreamCaptureUnsupported);
    }
  return setError(drainDevice());
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  EMULATION_ENTRY;
  *stream = new Stream;
  (*stream)->device = currentDevice();
  (*stream)->blocking = !(flags & cudaStreamNonBlocking);
  streams.insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  EMULATION_ENTRY;
  if (!streams.erase(stream)) return setError(cudaErrorInvalidResourceHandle);
  if (stream->capture && stream->capture->origin == stream) captures.erase(stream->capture);
  delete stream;  // what it still has to do is done later, as on a device
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  EMULATION_ENTRY;
  Stream& stream = of(handle);
  if (stream.capture) return invalidate(stream);
  drainTo(stream.tail);
  return setError(afterDrain(stream.device));
}
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  EMULATION_ENTRY;
  Stream& stream = of(handle);
  if (stream.capture) return invalidate(stream);
  if (!pending.count(stream.tail)) return setError(afterDrain(stream.device));
  runOne();  // who polls sees progress
  return cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  EMULATION_ENTRY;
  Stream& stream = of(handle);
  if (event->capture) {
    if (!captures.count(event->capture)) return setError(cudaErrorInvalidValue);
    if (stream.capture && stream.capture != event->capture) return setError(cudaErrorStreamCaptureInvalidated);
    if (!stream.capture) stream.captureTail.clear();
    stream.capture = event->capture;
    stream.captureTail.insert(stream.captureTail.end(), event->captureTail.begin(), event->captureTail.end());
    return cudaSuccess;
  }
  if (stream.capture) return invalidate(stream);
  if (!pending.count(event->operation)) return cudaSuccess;
  auto after = dependencies(handle, stream);
  after.push_back(event->operation);
  pending[++issued] = {[] {}, std::move(after), stream.device};
  stream.tail = issued;
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  EMULATION_ENTRY;
  return enqueue(stream, [=] { function(data); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  EMULATION_ENTRY;
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  EMULATION_ENTRY;
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  EMULATION_ENTRY;
  Stream& stream = of(handle);
  event->capture = stream.capture;
  event->captureTail = stream.captureTail;
  if (stream.capture) return cudaSuccess;
  const cudaError_t error = enqueue(handle, [time = event->time] { *time = Clock::now(); });
  event->operation = stream.tail;
  event->recorded = true;
  return error;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  EMULATION_ENTRY;
  if (event->capture) return setError(cudaErrorStreamCaptureUnsupported);
  drainTo(event->operation);
  return setError(afterDrain(currentDevice()));
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  EMULATION_ENTRY;
  if (event->capture) return setError(cudaErrorStreamCaptureUnsupported);
  if (!pending.count(event->operation)) return cudaSuccess;
  runOne();
  return cudaErrorNotReady;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  EMULATION_ENTRY;
  if (!start->recorded || !end->recorded) return setError(cudaErrorInvalidResourceHandle);
  if (pending.count(start->operation) || pending.count(end->operation)) return setError(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *start->time).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  EMULATION_ENTRY;
  if (!stream) return setError(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return setError(cudaErrorInvalidValue);
  stream->capture = std::make_shared<Capture>();
  stream->capture->mode = mode;
  stream->capture->thread = std::this_thread::get_id();
  stream->capture->origin = stream;
  stream->captureTail.clear();
  captures.insert(stream->capture);
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  EMULATION_ENTRY;
  *graph = nullptr;
  if (!stream || !stream->capture || stream->capture->origin != stream) return setError(cudaErrorStreamCaptureUnmatched);
  const auto capture = stream->capture;
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return setError(cudaErrorStreamCaptureWrongThread);
  // Every branch must have been joined: a node that no other waits for is the origin's last, or it is lost work.
  std::set<uint64_t> open;
  for (uint64_t i = 0; i < capture->nodes.size(); ++i) open.insert(i);
  for (const Node& node : capture->nodes)
    for (const uint64_t a : node.after) open.erase(a);
  for (const uint64_t a : stream->captureTail) open.erase(a);
  for (Stream* s : streams)
    if (s->capture == capture) s->capture.reset();
  captures.erase(capture);
  if (capture->invalid) return setError(cudaErrorStreamCaptureInvalidated);
  if (!open.empty()) return setError(cudaErrorStreamCaptureUnjoined);
  *graph = new Graph{std::make_shared<const std::vector<Node>>(std::move(capture->nodes))};
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  EMULATION_ENTRY;
  const auto& capture = of(stream).capture;
  *status = !capture           ? cudaStreamCaptureStatusNone
            : capture->invalid ? cudaStreamCaptureStatusInvalidated
                               : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, threadMode);
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  EMULATION_ENTRY;
  *exec = nullptr;
  if (!graph) return setError(cudaErrorInvalidValue);
  *exec = new Graph(*graph);
  statistics().graphNodes = graph->nodes->size();
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t) { return exec ? cudaSuccess : setError(cudaErrorInvalidValue); }
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  EMULATION_ENTRY;
  if (!exec) return setError(cudaErrorInvalidValue);
  if (of(stream).capture) return setError(cudaErrorNotSupported);
  return enqueue(stream, [nodes = exec->nodes] { runGraph(*nodes); });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  EMULATION_ENTRY;
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  EMULATION_ENTRY;
  delete exec;
  return cudaSuccess;
}
