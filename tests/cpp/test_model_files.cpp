// Damaged and hostile `.keras` files: a model or an exception, never a crash. With arguments: FILE COUNT, mutations of a given file.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "base/crc32.h"
#include "keraunos/keraunos.h"
#include "model/native_part.h"
#include "model/zip.h"
#include "training_graph.h"

namespace {

using namespace keraunos;

constexpr const char* kBait[] = {"0",    "-1",     "1",        "2",           "3",  "7",    "64",   "4294967296", "9223372036854775807", "-9223372036854775808",
                                 "null", "true",   "false",    "\"\"",        "[]", "{}",   "1e300", "\"float32\"", "\"int8\"",            "\"bool\"",
                                 "[0]",  "[1,-1]", "\"inf\"", "\"float64\"", "[2]", "[0,0]"};

std::string archive_of(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out;
  ZipWriter writer([&](const void* data, std::size_t bytes) { out.append(static_cast<const char*>(data), bytes); });
  for (const auto& [name, content] : members) writer.member(name, content);
  writer.finish();
  return out;
}

std::vector<std::pair<std::string, std::string>> members_of(const std::string& archive) {
  const ZipDirectory directory(reinterpret_cast<const unsigned char*>(archive.data()), archive.size());
  std::vector<std::pair<std::string, std::string>> members;
  for (const ZipMember& member : directory.members()) members.emplace_back(member.name, archive.substr(member.offset, member.bytes));
  return members;
}

std::string small_archive() {
  const training::Network network = training::make_network();
  NativePartWriter writer;
  std::string weights = "\x89HDF";
  for (const auto& weight : network.weights) {
    const Tensor value = weight->read();
    writer.place(weight, weight->name() + std::to_string(weights.size()), weights.size(), crc32(value.data(), value.bytes()));
    weights.append(value.as<char>(), value.bytes());
  }
  writer.add_function("predict", {network.graph, {"x", "y"}, {"loss"}});
  writer.add_function("train", {network.graph, {"x", "y"}, {"loss"}});
  const NativePartWriter::Members native = writer.finish();
  return archive_of({{"metadata.json", "{}"}, {"config.json", "{}"}, {kWeightsMember, weights}, {kNativeMember, native.json}, {kBinaryMember, native.binary}});
}

// Uses whatever loads, with small inputs of the shapes that it asks for.
bool try_to_use(const std::string& file) {
  try {
    Model model = Model::load(file.data(), file.size());
    std::vector<Shape> shapes;
    std::vector<Tensor> inputs;
    std::int64_t elements = 1;
    for (const Port& port : model.inputs()) {
      Shape shape = port.spec.shape;
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == kUnknown) shape[axis] = 3;
        elements = std::min<std::int64_t>(elements * std::min<std::int64_t>(shape[axis], 1 << 20), 1 << 20);
      }
      if (elements >= (1 << 20)) return true;
      shapes.push_back(shape);
      inputs.push_back(Tensor::zeros(port.spec.dtype, shape));
    }
    // What is planned may ask for more memory than there is: an error as well.
    Session session = model.session(shapes);
    session.run();
    model.predict(inputs);
    if (model.can_train()) model.train_on_batch(inputs, {});
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void truncations_and_flips(const std::string& file) {
  CHECK(try_to_use(file));
  for (std::size_t length = 0; length < file.size(); length += length < 4096 ? 1 : 37) CHECK_CASE(!try_to_use(file.substr(0, length)), length);
  check::Numbers numbers(5);
  for (int i = 0; i < 3000; ++i) {
    std::string changed = file;
    const std::size_t at = numbers.bits() % file.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 << numbers.bits() % 8));
    try_to_use(changed);
  }
}

struct Token {
  std::size_t begin;
  std::size_t end;
};

std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    if (text[i] == '"') {
      i = text.find('"', i + 1);
      if (i == std::string::npos) break;
      if (i + 1 < text.size() && text[i + 1] == ':') continue;  // a name
      tokens.push_back({begin, i + 1});
    } else if (std::strchr("-0123456789", text[i])) {
      while (i + 1 < text.size() && std::strchr("-+.e0123456789", text[i + 1])) ++i;
      tokens.push_back({begin, i + 1});
    }
  }
  return tokens;
}

// One to three values of the JSON become others, with every checksum right again.
void mutations(const std::string& file, int count, std::uint64_t seed) {
  const auto members = members_of(file);
  check::Numbers numbers(seed);
  int loaded = 0;
  for (int i = 0; i < count; ++i) {
    auto changed = members;
    for (auto& [name, content] : changed) {
      if (name != kNativeMember) continue;
      for (std::uint64_t n = numbers.bits() % 3 + 1; n > 0; --n) {
        const std::vector<Token> tokens = tokens_of(content);
        const Token token = tokens[numbers.bits() % tokens.size()];
        const Token other = tokens[numbers.bits() % tokens.size()];
        const std::string bait = numbers.bits() % 3 == 0 ? content.substr(other.begin, other.end - other.begin) : kBait[numbers.bits() % std::size(kBait)];
        content = content.substr(0, token.begin) + bait + content.substr(token.end);
      }
    }
    if (std::getenv("KERAUNOS_FUZZ_KEEP")) std::ofstream(std::getenv("KERAUNOS_FUZZ_KEEP"), std::ios::binary) << archive_of(changed);
    loaded += try_to_use(archive_of(changed)) ? 1 : 0;
  }
  std::printf("%d of %d mutated files were models\n", loaded, count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::ifstream input(argv[1], std::ios::binary);
    const std::string file((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
    mutations(file, std::atoi(argv[2]), argc > 3 ? static_cast<std::uint64_t>(std::atoll(argv[3])) : 1);
    return check::finish();
  }
  const std::string file = small_archive();
  truncations_and_flips(file);
  mutations(file, 3000, 1);
  return check::finish();
}
