// A reader of JSON as Python writes it (NaN and Infinity included): enough for the facts in a model's metadata.
#pragma once

#include <cstdint>
#include <limits>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace leapp {

// One value. Which of the members counts is told by `kind`; a missing key reads as null.
struct Json {
  enum class Kind { null, boolean, number, text, list, object };

  Kind kind = Kind::null;
  double number = 0;        // booleans are 0 or 1
  std::int64_t integer = 0;  // exact where the number was written without point and exponent
  bool is_integer = false;
  std::string text;
  std::vector<Json> items;                             // of a list
  std::vector<std::pair<std::string, Json>> members;  // of an object, in the order of the text

  bool is_null() const { return kind == Kind::null; }

  const Json& operator[](const std::string& key) const {
    static const Json missing;
    for (const auto& member : members)
      if (member.first == key) return member.second;
    return missing;
  }

  // Throws std::invalid_argument with the place where the text is not JSON.
  static Json parse(const std::string& text);
};

namespace detail {

class JsonReader {
 public:
  explicit JsonReader(const std::string& text) : text_(text) {}

  Json document() {
    Json value = read(0);
    skip_blanks();
    if (at_ != text_.size()) fail("the end");
    return value;
  }

 private:
  static constexpr int kDeepest = 64;

  [[noreturn]] void fail(const char* expected) const {
    throw std::invalid_argument("not JSON at character " + std::to_string(at_) + ": expected " + expected);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool take(const char* word) {
    const std::string wanted(word);
    if (text_.compare(at_, wanted.size(), wanted) != 0) return false;
    at_ += wanted.size();
    return true;
  }

  void expect(const char* word) {
    skip_blanks();
    if (!take(word)) fail(word);
  }

  Json read(int depth) {
    if (depth > kDeepest) fail("fewer levels");
    skip_blanks();
    Json value;
    if (at_ < text_.size() && text_[at_] == '"') {
      value.kind = Json::Kind::text;
      value.text = string();
    } else if (take("[")) {
      value.kind = Json::Kind::list;
      sequence("]", [&] { value.items.push_back(read(depth + 1)); });
    } else if (take("{")) {
      value.kind = Json::Kind::object;
      sequence("}", [&] {
        skip_blanks();
        std::string key = string();
        expect(":");
        value.members.emplace_back(std::move(key), read(depth + 1));
      });
    } else if (!take("null")) {
      const bool yes = take("true");
      value.kind = yes || take("false") ? Json::Kind::boolean : Json::Kind::number;
      if (value.kind == Json::Kind::boolean) {
        value.number = yes ? 1 : 0;
        value.integer = yes ? 1 : 0;
        value.is_integer = true;
      } else {
        number(value);
      }
    }
    return value;
  }

  template <class Item>
  void sequence(const char* end, Item item) {
    skip_blanks();
    if (take(end)) return;
    for (;;) {
      item();
      skip_blanks();
      if (take(end)) return;
      expect(",");
    }
  }

  std::string string() {
    if (!take("\"")) fail("a string");
    std::string found;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        found += text_[at_++];
        continue;
      }
      if (++at_ == text_.size()) fail("a character after the backslash");
      const char escaped = text_[at_++];
      if (escaped == 'u') {
        append_code(found);
      } else {
        const std::string from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
        const auto place = from.find(escaped);
        if (place == std::string::npos) fail("a known escape");
        found += to[place];
      }
    }
    if (!take("\"")) fail("the end of a string");
    return found;
  }

  // \u: Python escapes control characters like this; others it writes as they are.
  void append_code(std::string& to) {
    unsigned code = 0;
    for (int digit = 0; digit < 4; ++digit) {
      const char c = at_ < text_.size() ? text_[at_++] : 'x';
      const auto place = std::string("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (place == std::string::npos) fail("four hexadecimal digits");
      code = code * 16 + static_cast<unsigned>(place);
    }
    if (code < 0x80) {
      to += static_cast<char>(code);
    } else if (code < 0x800) {
      to += static_cast<char>(0xC0 | (code >> 6));
      to += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      to += static_cast<char>(0xE0 | (code >> 12));
      to += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      to += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  void number(Json& value) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (take("NaN")) {
      value.number = std::numeric_limits<double>::quiet_NaN();
    } else if (take("Infinity")) {
      value.number = infinity;
    } else if (take("-Infinity")) {
      value.number = -infinity;
    } else {
      const auto end = text_.find_first_not_of("+-.0123456789eE", at_);
      const std::string digits = text_.substr(at_, end == std::string::npos ? std::string::npos : end - at_);
      // Not strtod: a program that sets a German locale would read 0.5 as 0.
      if (!convert(digits, value.number)) fail("a value");
      value.is_integer = digits.find_first_of(".eE") == std::string::npos && convert(digits, value.integer);
      at_ += digits.size();
    }
  }

  template <class Number>
  static bool convert(const std::string& digits, Number& into) {
    std::istringstream stream(digits);
    stream.imbue(std::locale::classic());
    return static_cast<bool>(stream >> into) && stream.peek() == std::istringstream::traits_type::eof();
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace detail

inline Json Json::parse(const std::string& text) { return detail::JsonReader(text).document(); }

}  // namespace leapp
