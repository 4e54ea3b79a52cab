// The rooms' precompiled headers and GoogleTest, for the test programs.
#pragma once

#include "room.h"

#include <gtest/gtest.h>
