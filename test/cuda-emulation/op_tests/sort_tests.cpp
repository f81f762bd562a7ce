// KeySort against the standard library's stable sort.
#include <numeric>
#include "cuda/sort.h"
#include "op_tests.h"

namespace dinf::op_tests {
namespace {

// Sorts on the device, twice with one KeySort; keys, then numbers.
std::vector<uint32_t> sortOnDevice(Context& context, const std::vector<uint32_t>& keys, int bits) {
  const auto count = static_cast<int64_t>(keys.size());
  const cuda::KeySort sort(context, count, bits);
  std::vector<uint32_t> result;
  for (int pass = 0; pass < 2; ++pass) {
    const Device<uint32_t> onDevice(context, keys), numbers(context, std::vector<uint32_t>(keys.size(), ~0u));
    sort.run(context, onDevice.data(), numbers.data());
    std::vector<uint32_t> now = onDevice.read();
    for (const uint32_t number : numbers.read()) now.push_back(number);
    if (pass > 0) DINF_EXPECT(now == result, "a second sort differs");
    result = std::move(now);
  }
  return result;
}

void sortCase(int64_t count, int bits) {
  testCase("sort " + std::to_string(count) + " keys of " + std::to_string(bits) + " bits", [&] {
    Random random(static_cast<uint64_t>(count + bits));
    std::vector<uint32_t> keys(static_cast<size_t>(count)), numbers(keys.size());
    for (uint32_t& key : keys) key = static_cast<uint32_t>((random.next() + 1) / 2 * static_cast<double>(uint64_t{1} << bits));
    for (size_t i = 0; i < keys.size(); i += 3) keys[i] = keys[0];  // runs of equals, whatever the width
    std::iota(numbers.begin(), numbers.end(), 0u);
    std::stable_sort(numbers.begin(), numbers.end(), [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
    std::vector<uint32_t> expected;
    for (const uint32_t number : numbers) expected.push_back(keys[number]);
    expected.insert(expected.end(), numbers.begin(), numbers.end());
    const auto actual = inEveryOrder<uint32_t>([&](Context& context) { return sortOnDevice(context, keys, bits); });
    DINF_EXPECT(actual == expected, "not sorted as std::stable_sort does");
  });
}

void cases() {
  const bool races = cuda_emulation::instrumented();
  for (const int bits : {0, 1, 8, 9, 17, 30}) sortCase(257, bits);
  for (const int64_t count : {1, 31, 2048, 2049}) sortCase(count, 16);
  if (!races) sortCase(100003, 24);
}

}  // namespace
}  // namespace dinf::op_tests

int main(int argc, char** argv) { return dinf::op_tests::finish(argc, argv, dinf::op_tests::cases); }
