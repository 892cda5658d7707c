"""What the framework's script does to the environment, with the host's compiler."""

import os
import re
from pathlib import Path

from SCons.Script import Import

Import("env")

project = Path(env.subst("$PROJECT_DIR"))  # noqa: F821
top = (project / "CMakeLists.txt").read_text()
name = re.search(r"^project\((\w+)\)$", top, re.MULTILINE).group(1)
sources = (project / "src" / "CMakeLists.txt").read_text()
assert "idf_component_register" in sources
assert all(f'"{file.name}"' in sources for file in (project / "src").glob("*.c"))

# The real one generates its configuration into the project.
(project / f"sdkconfig.{env.subst('$PIOENV')}").write_text("CONFIG_IDF_TARGET_ESP32=y\n")  # noqa: F821

stubs = os.environ["ESPIDF_STUBS"]
env.Append(  # noqa: F821
    CPPPATH=[stubs],
    CCFLAGS=["-ffunction-sections", "-fdata-sections"],
    LINKFLAGS=["-Wl,--gc-sections", f"-Wl,--Map=$BUILD_DIR/{name}.map"],
    PIOBUILDFILES=[env.Object("$BUILD_DIR/sdk.o", f"{stubs}/host.c")],  # noqa: F821
)
