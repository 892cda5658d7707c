"""PlatformIO development platform for boards that need no SDK: GCC from PATH, no packages."""

from platformio.platform.base import PlatformBase


class TinyflowPlatform(PlatformBase):
    """The boards come with the project, in its `boards/` folder."""

    def is_embedded(self):
        """Bare metal, though no package of this platform is an uploader."""
        return True
