"""Leaves the files that the real platform's build leaves."""

from pathlib import Path

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
env.Replace(CC="gcc", CXX="g++", PROGNAME="firmware", PROGSUFFIX=".elf", ARFLAGS=["rcD"])

program = env.BuildProgram()
images = [
    env.Command(
        f"$BUILD_DIR/{name}",
        program,
        env.VerboseAction(
            "objcopy -I binary -O ihex $SOURCE $TARGET"
            if name.endswith(".hex")
            else "cp $SOURCE $TARGET",
            "Building $TARGET",
        ),
    )
    for name in env.BoardConfig().get("build.leaves")
]
if "espidf" in env.get("PIOFRAMEWORK"):
    for folder in (env.subst("$PROJECT_CORE_DIR"), env.subst("$BUILD_DIR")):
        assert " " not in folder, f"Detected a whitespace character in {folder}"
    assert Path(env.subst("$PROJECT_DIR"), "sdkconfig.defaults").is_file()
Default([program, *images])
