from metaflow import FlowSpec
class F(FlowSpec:
  pass
