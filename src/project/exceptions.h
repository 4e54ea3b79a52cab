// `exceptions`: how templates report errors and warnings.
#pragma once

#include <memory>

#include "base/event.h"
#include "jinja/value.h"
#include "project/invocation.h"

namespace stir::project {

// The object templates see; `events` gets warnings and may be null.
jinja::Value MakeExceptions(EventSink* events, std::shared_ptr<const WarningSink> warnings);

}  // namespace stir::project
