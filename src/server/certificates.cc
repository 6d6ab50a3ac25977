#include "server/certificates.h"

#include <ctime>
#include <set>
#include <utility>

#include "server/expiry.h"

namespace sluice::server {
namespace {

void AddFiles(const settings::Certificate& certificate, std::vector<std::string>& paths) {
  paths.push_back(certificate.cert);
  paths.push_back(certificate.key);
}

std::vector<std::string> FilesOf(const settings::Tls& tls) {
  std::vector<std::string> paths;
  for (const auto& certificate : tls.certificates) AddFiles(certificate, paths);
  if (!tls.client_ca.empty()) paths.push_back(tls.client_ca);
  if (!tls.client_crl.empty()) paths.push_back(tls.client_crl);
  return paths;
}

std::vector<std::string> FilesOf(const settings::BackendTls& tls) {
  std::vector<std::string> paths;
  if (tls.certificate) AddFiles(*tls.certificate, paths);
  if (!tls.ca.empty()) paths.push_back(tls.ca);
  return paths;
}

}  // namespace

base::Result<void, std::string> Certificates::Load() {
  for (const auto& listener : config_.listeners) {
    auto& into = listeners_.emplace_back();
    if (!listener.tls) continue;
    into = std::make_shared<base::Snapshot<tls::Context>>();
    const Owner owner("listener", listener.address.ToString());
    const auto error = Watch(FilesOf(*listener.tls), owner, [this, &listener, owner, &to = *into] {
      return Read(listener, owner, to);
    });
    if (error) {
      return base::Unexpected("the listener " + owner.second + " cannot speak TLS: " + *error);
    }
  }
  for (const auto& backend : config_.backends) {
    auto& into = backends_.emplace_back();
    if (!backend.tls) continue;
    into = std::make_shared<base::Snapshot<tls::ClientContext>>();
    const Owner owner("backend", backend.name);
    const auto error = Watch(FilesOf(*backend.tls), owner, [this, &backend, owner, &to = *into] {
      return Read(backend, owner, to);
    });
    if (error) {
      return base::Unexpected("TLS to the backend " + owner.second + " is not possible: " + *error);
    }
  }
  return {};
}

void Certificates::OwnMetrics() const {
  std::set<metrics::CertificateMetrics::Key> keys;
  for (const auto& listener : config_.listeners) {
    if (!listener.tls) continue;
    for (const auto& certificate : listener.tls->certificates) {
      keys.insert({{"listener", listener.address.ToString()}, certificate.cert});
    }
  }
  for (const auto& backend : config_.backends) {
    if (!backend.tls || !backend.tls->certificate) continue;
    keys.insert({{"backend", backend.name}, backend.tls->certificate->cert});
  }
  metrics_.KeepOnly(keys);
}

/// Loads the files, and reloads them whenever they change.
std::optional<std::string> Certificates::Watch(std::vector<std::string> paths, const Owner& owner,
                                               Reload reload) {
  watched_.push_back(files_.Add(std::move(paths), [this, owner, reload] {
    const auto error = reload();
    metrics_.CountReload(owner, !error);
    if (error) {
      log_.Write(base::LogLevel::kError, "certificates_kept",
                 {{owner.first, owner.second}, {"detail", *error}});
    } else {
      log_.Write(base::LogLevel::kInfo, "certificates_reloaded", {{owner.first, owner.second}});
    }
  }));
  return reload();
}

void Certificates::WarnOfExpiry(const Owner& owner, const settings::Certificate& files) {
  if (const auto warning = ExpiryWarning(files)) {
    log_.Write(base::LogLevel::kWarn, "certificate_expires",
               {{owner.first, owner.second}, {"file", files.cert}, {"detail", *warning}});
  }
}

std::optional<std::string> Certificates::Read(const settings::Listener& listener,
                                              const Owner& owner,
                                              base::Snapshot<tls::Context>& into) {
  auto context = tls::Context::Create(*listener.tls);
  if (!context) return context.error();
  const auto& files = listener.tls->certificates;
  const auto expiry = (*context)->Expiry();
  if (const auto before = into.Get()) {
    // A newly loaded certificate that has expired is refused, like one that cannot be read. But a
    // certificate that expired while in use must not prevent the renewal of another one.
    for (size_t i = 0; i < expiry.size(); ++i) {
      const bool is_over = expiry[i] < std::time(nullptr);
      if (is_over && expiry[i] < before->Expiry()[i]) return files[i].cert + " has expired";
    }
    const auto crl_expiry = (*context)->CrlExpiry();
    const bool is_over = crl_expiry && *crl_expiry <= std::time(nullptr);
    if (is_over && (!before->CrlExpiry() || *crl_expiry < *before->CrlExpiry())) {
      return listener.tls->client_crl + " has expired";
    }
  }
  for (size_t i = 0; i < expiry.size(); ++i) {
    metrics_.SetExpiry(owner, files[i].cert, expiry[i]);
    WarnOfExpiry(owner, files[i]);
  }
  into.Set(*std::move(context));
  return std::nullopt;
}

std::optional<std::string> Certificates::Read(const settings::Backend& backend, const Owner& owner,
                                              base::Snapshot<tls::ClientContext>& into) {
  auto context = tls::ClientContext::Create(*backend.tls);
  if (!context) return context.error();
  if (const auto expiry = (*context)->Expiry()) {
    metrics_.SetExpiry(owner, backend.tls->certificate->cert, *expiry);
    WarnOfExpiry(owner, *backend.tls->certificate);
  }
  into.Set(*std::move(context));
  return std::nullopt;
}

}  // namespace sluice::server
