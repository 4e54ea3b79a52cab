// `exceptions`: how templates report errors and warnings.
#pragma once

#include "base/event.h"
#include "jinja/value.h"

namespace stir::project {

// The object templates see; `events` gets warnings and may be null.
jinja::Value MakeExceptions(EventSink* events);

}  // namespace stir::project
