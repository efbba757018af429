"""n3h: a DSP-based and a bit-serial LUT-based GEMM core under one instruction set."""

from hwgen.arch import Arch

ARCH = Arch(
    name="n3h",
    summary="heterogeneous DSP and bit-serial LUT GEMM cores under one instruction set",
    presets=("tiny", "z7020", "z7045"),
    spec="hwgen.archs.n3h.spec:N3hSpec",
    build="hwgen.archs.n3h.build:build",
    lower="hwgen.archs.n3h.lower:lower",
    program="hwgen.archs.n3h.program:load_program",
    run="hwgen.archs.n3h.run:run",
    tasks="hwgen.archs.n3h.leaves:BLOCKS",
    papers=(
        "Gong et al., N3H-Core: Neuron-designed Neural Network Accelerator via FPGA-based "
        "Heterogeneous Computing Cores, FPGA 2022",
        "Umuroglu et al., BISMO: A Scalable Bit-Serial Matrix Multiplication Overlay for "
        "Reconfigurable Computing, FPL 2018",
        "Moreau et al., A Hardware-Software Blueprint for Flexible Deep Learning "
        "Specialization, IEEE Micro 2019",
    ),
)
