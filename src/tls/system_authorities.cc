#include "sluice/tls/system_authorities.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "sluice/base/free_with.h"
#include "sluice/base/text.h"

namespace sluice::tls {
namespace {

std::string Place(const char* variable, const char* otherwise) {
  const char* const value = std::getenv(variable);
  return value != nullptr ? value : otherwise;
}

bool FileHasAuthorities(const std::string& path) {
  const std::unique_ptr<X509_STORE, base::FreeWith<X509_STORE_free>> store(X509_STORE_new());
  const bool has_some = store != nullptr && X509_STORE_load_file(store.get(), path.c_str()) == 1 &&
                        sk_X509_OBJECT_num(X509_STORE_get0_objects(store.get())) > 0;
  ERR_clear_error();
  return has_some;
}

/// Returns true if `name` is one that OpenSSL looks up in a directory of certificates: eight
/// hexadecimal digits of a hash, a dot, and a number.
bool IsHashedName(std::string_view name) {
  constexpr size_t kDigits = 8;
  return name.size() > kDigits + 1 && name[kDigits] == '.' &&
         std::all_of(name.begin(), name.begin() + kDigits,
                     [](char c) { return base::HexDigit(c).has_value(); }) &&
         base::ParseNumber(name.substr(kDigits + 1), UINT32_MAX).has_value();
}

bool DirectoryHasAuthorities(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (IsHashedName(entry->path().filename().string())) return true;
  }
  return false;
}

}  // namespace

bool HasSystemAuthorities() {
  if (FileHasAuthorities(Place(X509_get_default_cert_file_env(), X509_get_default_cert_file()))) {
    return true;
  }
  const std::string directories =
      Place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  for (size_t begin = 0; begin <= directories.size();) {
    const size_t end = std::min(directories.find(':', begin), directories.size());
    if (DirectoryHasAuthorities(directories.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace sluice::tls
