// What the binding of tfjs-node (context.cc) and programs.cc share, in each thread that has an environment of Node.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "tensorflow/c/eager/c_api.h"

struct Signature {
  std::vector<TF_DataType> inputs, outputs;
};

struct PromptweaveState {
  TFE_Context* context = nullptr;
  // Whether programs run in the thread that calls them.
  bool runsHere = false;
  // Of those programs, by their names.
  std::unordered_map<std::string, Signature> signatures;
};
