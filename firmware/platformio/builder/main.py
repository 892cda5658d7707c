"""Builds, measures and starts a firmware image; read by SCons.

The board's manifest says how: `build.prefix` stands before gcc (empty is the host's cc),
`build.cpu_flags` go to the compiler, the assembler and the linker, `build.link_flags` to the
linker, `build.linker_script` is a file of the project, empty where there is none.
`upload.command` starts the image; `{image}` in it stands for the ELF file and `{port}` for the TCP
port of `upload_port`.
"""

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
prefix = board.get("build.prefix")
cpu_flags = board.get("build.cpu_flags")
link_flags = board.get("build.link_flags")
linker_script = board.get("build.linker_script")

env.Replace(
    AR=f"{prefix}ar",
    AS=f"{prefix}as",
    CC=f"{prefix}gcc" if prefix else "cc",
    CXX=f"{prefix}g++" if prefix else "c++",
    OBJCOPY=f"{prefix}objcopy",
    RANLIB=f"{prefix}ranlib",
    SIZETOOL=f"{prefix}size",
    ARFLAGS=["rcD"],
    RANLIBFLAGS=["-D"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    SIZEPROGREGEXP=r"^(?:\.text|\.rodata|\.data|\.ARM\.exidx)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.data|\.bss|\.stack)\s+(\d+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
)

# Here and not in the project's build_flags: libraries must get the CPU's flags too.
compile_flags = [
    *cpu_flags,
    # The same bytes wherever the project lies.
    f"-ffile-prefix-map={env.subst('$PROJECT_DIR')}=.",
    f"-ffile-prefix-map={env.subst('$BUILD_DIR')}=build",
]
env.Append(
    ASFLAGS=compile_flags,
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CCFLAGS=compile_flags,
    LINKFLAGS=[
        *cpu_flags,
        *link_flags,
        "-Wl,-Map=" + env.subst("$BUILD_DIR/${PROGNAME}.map"),
    ],
)
if linker_script:
    env.Append(LINKFLAGS=["-T", env.subst(f"$PROJECT_DIR/{linker_script}")])


def start(target, source, env):
    """Run the image in the foreground, until it is interrupted."""
    port = env.subst("$UPLOAD_PORT").rpartition(":")[2]
    image = str(source[0])
    command = board.get("upload.command")
    return env.Execute(
        [[part.replace("{image}", image).replace("{port}", port) for part in command]]
    )


program = env.BuildProgram()
products = [program]
if linker_script:
    env.Depends(program, env.File(f"$PROJECT_DIR/{linker_script}"))
    products += env.Command(
        "$BUILD_DIR/${PROGNAME}.bin",
        program,
        env.VerboseAction("$OBJCOPY -O binary $SOURCE $TARGET", "Building $TARGET"),
    )

env.AddPlatformTarget(
    "size",
    program,
    env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE"),
    "Program Size",
    "Calculate program size",
)
env.AddPlatformTarget(
    "upload",
    program,
    [env.VerboseAction(start, "Starting $SOURCE")],
    "Start",
    "Start the image",
)

AlwaysBuild(env.Alias("buildprog", products))
Default(products)
