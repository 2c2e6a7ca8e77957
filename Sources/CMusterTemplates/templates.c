#include "CMusterTemplates.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char python_foreach_flow_py[] = {
#embed "../../Examples/Python/foreach/flow.py"
};
static const char python_torchrun_flow_py[] = {
#embed "../../Examples/Python/torchrun/flow.py"
};
static const char python_torchrun_train_py[] = {
#embed "../../Examples/Python/torchrun/train.py"
};
static const char python_deepspeed_flow_py[] = {
#embed "../../Examples/Python/deepspeed/flow.py"
};
static const char python_deepspeed_train_py[] = {
#embed "../../Examples/Python/deepspeed/train.py"
};
static const char python_mpi_flow_py[] = {
#embed "../../Examples/Python/mpi/flow.py"
};
static const char python_mpi_pi_c[] = {
#embed "../../Examples/Python/mpi/pi.c"
};
static const char python_ray_flow_py[] = {
#embed "../../Examples/Python/ray/flow.py"
};
static const char python_tensorflow_flow_py[] = {
#embed "../../Examples/Python/tensorflow/flow.py"
};
static const char templates_foreach_swift[] = {
#embed "../../Templates/Foreach.swift"
};
static const char templates_torchrun_swift[] = {
#embed "../../Templates/Torchrun.swift"
};
static const char deepspeedzero_deepspeedzero_swift[] = {
#embed "../../Examples/DeepSpeedZeRO/DeepSpeedZeRO.swift"
};
static const char deepspeedzero_digits_py[] = {
#embed "../../Examples/DeepSpeedZeRO/digits.py"
};
static const char deepspeedzero_train_py[] = {
#embed "../../Examples/DeepSpeedZeRO/train.py"
};
static const char mpiheat_mpiheat_swift[] = {
#embed "../../Examples/MPIHeat/MPIHeat.swift"
};
static const char mpiheat_heat_c[] = {
#embed "../../Examples/MPIHeat/heat.c"
};
static const char raytuning_raytuning_swift[] = {
#embed "../../Examples/RayTuning/RayTuning.swift"
};
static const char raytuning_tune_py[] = {
#embed "../../Examples/RayTuning/tune.py"
};
static const char tensorflowmultiworker_tensorflowmultiworker_swift[] = {
#embed "../../Examples/TensorFlowMultiWorker/TensorFlowMultiWorker.swift"
};
static const char tensorflowmultiworker_train_py[] = {
#embed "../../Examples/TensorFlowMultiWorker/train.py"
};

#define TEMPLATE(language, framework, place, flow, text) {language, framework, place, flow, text, sizeof text}

static const struct muster_template templates[] = {
    TEMPLATE("python", "plain", "flow.py", "ForeachFlow", python_foreach_flow_py),
    TEMPLATE("python", "torchrun", "flow.py", "TorchrunFlow", python_torchrun_flow_py),
    TEMPLATE("python", "torchrun", "train.py", "TorchrunFlow", python_torchrun_train_py),
    TEMPLATE("python", "deepspeed", "flow.py", "DeepSpeedFlow", python_deepspeed_flow_py),
    TEMPLATE("python", "deepspeed", "train.py", "DeepSpeedFlow", python_deepspeed_train_py),
    TEMPLATE("python", "mpi", "flow.py", "MPIFlow", python_mpi_flow_py),
    TEMPLATE("python", "mpi", "pi.c", "MPIFlow", python_mpi_pi_c),
    TEMPLATE("python", "ray", "flow.py", "RayFlow", python_ray_flow_py),
    TEMPLATE("python", "tensorflow", "flow.py", "TensorFlowFlow", python_tensorflow_flow_py),
    TEMPLATE("swift", "plain", "Flow.swift", "ForeachFlow", templates_foreach_swift),
    TEMPLATE("swift", "torchrun", "Flow.swift", "TorchrunFlow", templates_torchrun_swift),
    TEMPLATE("swift", "torchrun", "train.py", "TorchrunFlow", python_torchrun_train_py),
    TEMPLATE("swift", "deepspeed", "Flow.swift", "DeepSpeedZeRO", deepspeedzero_deepspeedzero_swift),
    TEMPLATE("swift", "deepspeed", "digits.py", "DeepSpeedZeRO", deepspeedzero_digits_py),
    TEMPLATE("swift", "deepspeed", "train.py", "DeepSpeedZeRO", deepspeedzero_train_py),
    TEMPLATE("swift", "mpi", "Flow.swift", "MPIHeat", mpiheat_mpiheat_swift),
    TEMPLATE("swift", "mpi", "heat.c", "MPIHeat", mpiheat_heat_c),
    TEMPLATE("swift", "ray", "Flow.swift", "RayTuning", raytuning_raytuning_swift),
    TEMPLATE("swift", "ray", "tune.py", "RayTuning", raytuning_tune_py),
    TEMPLATE("swift", "tensorflow", "Flow.swift", "TensorFlowMultiWorker", tensorflowmultiworker_tensorflowmultiworker_swift),
    TEMPLATE("swift", "tensorflow", "train.py", "TensorFlowMultiWorker", tensorflowmultiworker_train_py),
};

const struct muster_template *muster_templates(long *count) {
    *count = sizeof templates / sizeof *templates;
    return templates;
}
