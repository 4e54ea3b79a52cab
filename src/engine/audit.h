// The record of what people do by hand.
#pragma once

#include <string>

#include "engine/host.h"
#include "store/records.h"

namespace stir::engine {

// By the user of this process, now.
store::AuditEntry EntryOf(const Host& host, std::string action, std::string subject, std::string detail = {});

}  // namespace stir::engine
