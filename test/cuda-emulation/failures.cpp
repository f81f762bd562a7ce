// What went wrong, in words. Names of kernels and lines of code come from the debug information, asked of addr2line only when
// there is something to report.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>
#include <map>
#include "machine.h"

namespace cuda_emulation {
namespace {

std::vector<std::string> kept;

std::string firstLine(const std::string& command) {
  std::string text;
  if (FILE* pipe = popen(command.c_str(), "r")) {
    char line[1024];
    if (std::fgets(line, sizeof line, pipe)) text = line;
    pclose(pipe);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string lookUp(const void* code) {
  if (!code) return "?";
  Dl_info info{};
  char text[4096];
  if (!dladdr(code, &info) || !info.dli_fbase) {
    std::snprintf(text, sizeof text, "%p", code);
    return text;
  }
  // A library may have been loaded by a relative name, a program found through PATH.
  std::string file;
  if (char* path = info.dli_fname && std::strchr(info.dli_fname, '/') ? realpath(info.dli_fname, nullptr) : nullptr) {
    file = path;
    std::free(path);
  } else if (const ssize_t n = readlink("/proc/self/exe", text, sizeof text - 1); n > 0) {
    file.assign(text, size_t(n));
  }
  const bool fixed = static_cast<const ElfW(Ehdr)*>(info.dli_fbase)->e_type == ET_EXEC;
  const size_t at = fixed ? size_t(code) : size_t(static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase));
  std::snprintf(text, sizeof text, "addr2line -Cfpse '%s' 0x%zx 2>/dev/null", file.c_str(), at);
  const std::string answer = firstLine(text);
  if (!answer.empty() && answer[0] != '?') return answer;
  std::snprintf(text, sizeof text, "%s+0x%zx", file.c_str(), at);
  return text;
}

}  // namespace

std::string describe(const void* code) {
  static std::map<const void*, std::string> known;  // addr2line takes tens of milliseconds
  const auto [it, fresh] = known.try_emplace(code);
  if (fresh) it->second = lookUp(code);
  return it->second;
}
std::string describe(Site site) {
  if (!site.file) return "?";
  const char* slash = std::strrchr(site.file, '/');
  return std::string(slash ? slash + 1 : site.file) + ":" + std::to_string(site.line);
}

void fail(const std::string& what, const std::string& where) {
  ++statistics().failures;
  loseDevice(runningDevice());
  if (kept.size() >= 100) return;
  kept.push_back(what + " at " + where + ", " + describeThread());
  if (!options().quiet) std::fprintf(stderr, "emulated CUDA device: %s\n", kept.back().c_str());
}
const std::vector<std::string>& reports() { return kept; }
void forgetReports() { kept.clear(); }

}  // namespace cuda_emulation
