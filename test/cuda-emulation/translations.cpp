// Which kernel of the program is which translation: by its symbol, read off the program itself, since most kernels are local to their
// sources.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>
#include <mutex>
#include <unordered_map>
#include "machine.h"

namespace cuda_emulation {
namespace {

struct Known {
  std::unordered_map<std::string, const Translation*> bySymbol;
  std::unordered_map<const void*, const Translation*> byKernel;
  bool resolved = false;
};
Known& known() {
  static Known instance;
  return instance;
}
[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "emulated CUDA device: %s\n", why.c_str());
  std::abort();
}

// Every symbol of the file that holds this kernel, asked of nm: it came with the compiler.
void resolve(const void* kernel) {
  Dl_info info{};
  if (!dladdr(kernel, &info) || !info.dli_fbase) stop("a kernel in no file");
  char own[4096] = {};
  const bool program = !std::strchr(info.dli_fname, '/') && readlink("/proc/self/exe", own, sizeof own - 1) > 0;
  const std::string command = std::string("nm --defined-only '") + (program ? own : info.dli_fname) + "'";
  const bool fixed = static_cast<const ElfW(Ehdr)*>(info.dli_fbase)->e_type == ET_EXEC;
  const char* const base = fixed ? nullptr : static_cast<const char*>(info.dli_fbase);
  FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) stop("no nm to read the symbols with");
  static char line[65536];
  while (std::fgets(line, sizeof line, pipe)) {
    char* rest = nullptr;
    const size_t address = std::strtoull(line, &rest, 16);
    std::string symbol = std::strlen(rest) > 3 ? rest + 3 : "";
    if (!symbol.empty() && symbol.back() == '\n') symbol.pop_back();
    const auto it = known().bySymbol.find(symbol);
    if (it == known().bySymbol.end()) continue;
    const auto [place, fresh] = known().byKernel.try_emplace(base + address, it->second);
    if (!fresh) stop("two symbols " + symbol);
  }
  pclose(pipe);
  if (known().byKernel.size() != known().bySymbol.size())
    stop(std::to_string(known().bySymbol.size()) + " kernels of nvcc, and " + std::to_string(known().byKernel.size()) +
         " of them in the program: are the sources the same?");
}

}  // namespace

bool addTranslations(const Translation* first, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (!known().bySymbol.try_emplace(first[i].symbol, &first[i]).second) stop(std::string("two kernels ") + first[i].symbol);
  return true;
}
const Translation* translationOf(const void* kernel) {
  if (known().bySymbol.empty()) return nullptr;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!std::exchange(known().resolved, true)) resolve(kernel);
  const auto it = known().byKernel.find(kernel);
  if (it == known().byKernel.end()) stop("no PTX of " + describe(kernel));
  return it->second;
}
const Translation* translationOf(const void* kernel, const size_t* parameterBytes, size_t parameters) {
  const Translation* const translation = translationOf(kernel);
  if (translation && (translation->parameters != parameters || !std::equal(parameterBytes, parameterBytes + parameters, translation->parameterBytes)))
    stop(std::string("nvcc and g++ lay out the parameters differently of ") + translation->symbol);
  return translation;
}

}  // namespace cuda_emulation
