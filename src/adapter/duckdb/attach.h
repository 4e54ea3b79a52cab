// The statements for `secrets` and `attach` of a profile.
#pragma once

#include "adapter/duckdb/options.h"
#include "base/json.h"

namespace stir::adapter::duckdb {

// `number`: the entry's place in its list, from 1, which names a secret without a name. Entries are checked for their
// shape before; what else is wrong with them is added to `errors`.
SetupStep SecretStep(const Json& secret, int number);
SetupStep AttachStep(const Json& entry, Diagnostics& errors);

// What an error of the engine must not repeat: passwords and keys of the entry.
void CollectSecrets(const Json& secret, std::vector<std::string>& values);
void CollectAttachSecrets(const Json& entry, std::vector<std::string>& values);

// A scalar as SQL: 'it''s', and its bare text.
std::string Literal(const Json& value);
std::string ScalarText(const Json& value);

}  // namespace stir::adapter::duckdb
