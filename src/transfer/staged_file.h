// The file that `stage` of a publication asks for: the rows on their way, where a person or another program finds them.
#pragma once

#include <string>

#include "adapter/connection.h"
#include "base/files.h"
#include "base/result.h"
#include "transfer/builder.h"

namespace stir::transfer {

// Writes the rows of the model into the file, which is whole or as it was before, and makes sure that they can be read
// back as they are. Returns them as the content of a FROM clause, with the model's names and types.
Result<std::string> StageInFile(const PublishRequest& request, adapter::Connection& connection, const Model& model,
                                Files& files);

}  // namespace stir::transfer
