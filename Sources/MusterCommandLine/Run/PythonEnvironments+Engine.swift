import MusterEngine
import MusterModel
import MusterPython

extension PythonEnvironments: StepEnvironments {}
