"""Media files on disk: names that are not UTF-8, regular files only, and opening one for decoding."""

import errno
import io
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import av

FORMATS = ("mov", "avi")
"""FFmpeg's names of the containers that are read: mov stands for mp4 too. A playlist is none, whatever its name."""
MATROSKA_SUFFIXES = frozenset({".mkv", ".webm"})
"""Suffixes of files that are read as Matroska and as nothing else; the others never are.

FFmpeg's reader of it is used only for files of this name, and a collection takes them only where it is set so.
"""
SONG_FORMATS = {
    ".mp3": "mp3",
    ".wav": "wav",
    ".m4a": "mov",
    ".flac": "flac",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "ogg",
}
"""Suffix of a song that is asked about -> FFmpeg's name of its container; no clip is opened as one of them."""
VIDEO_CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "prores",
     "dvvideo", "dnxhd"}
)  # fmt: skip
"""FFmpeg's decoders of pictures that are used: what cameras, phones and editing programs make.

FFmpeg has some three hundred; those that nobody films with are read least, and hold the holes (MagicYUV in an avi:
CVE-2026-8461).
"""
SOUND_CODECS = frozenset(
    {"aac", "mp3", "mp3float", "mp2", "mp2float", "ac3", "eac3", "opus", "libopus", "vorbis", "alac", "flac",
     "amrnb", "amrwb", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms", "pcm_mulaw", "pcm_alaw", "pcm_u8", "pcm_s8",
     *(f"pcm_{kind}{end}" for kind in ("s16", "s24", "s32", "f32", "f64") for end in ("le", "be"))}
)  # fmt: skip
"""FFmpeg's decoders of sound that are used."""
_ESCAPED = re.compile(rb"%([89A-F][0-9A-F])")
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True)
class Seen:
    """What a file looks like from outside: its size in bytes, when it was last written, what a store calls its content.

    A store changes the entity tag (`etag`) with the content, so an object is known by it; a file of a folder has none.
    """

    size: int
    mtime_ns: int
    etag: str = ""

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return what the system says of a file."""
        return cls(status.st_size, status.st_mtime_ns)


def as_text(name: str) -> str:
    """Return the name of a file or folder as text that can be stored: bytes that are not UTF-8 as `%E9`.

    Parameters
    ----------
    name : str
        As `os.listdir` returns it: with a lone surrogate for each such byte.
    """
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)


def on_disk(path: Path) -> Path:
    """Return the path under which the file system knows a file that is stored by `as_text`.

    A name that reads like an escaped one and is there as it reads is taken as it reads.
    """
    path = Path(path)
    if not _ESCAPED.search(os.fsencode(path)) or os.path.lexists(path):
        return path
    found = Path(path.anchor)
    for name in path.parts[len(found.parts) :]:
        raw = _ESCAPED.sub(lambda byte: bytes([int(byte[1], 16)]), os.fsencode(name))
        unescaped = found / os.fsdecode(raw)
        found = unescaped if not os.path.lexists(found / name) and os.path.lexists(unescaped) else found / name
    return found


def irregular(status: os.stat_result) -> str | None:
    """Return what a file is that is not a regular one, None for a regular file."""
    if stat.S_ISREG(status.st_mode):
        return None
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
    return f"not a regular file ({kind})"


def why_missing(path: Path) -> tuple[str, str]:
    """Return what is known of a file that is not there, in words, and what to do about it."""
    folder = on_disk(path).absolute().parent
    missing = next((one for one in reversed((folder, *folder.parents)) if not one.is_dir()), None)
    if missing:
        return f"no such file: there is no folder {missing}", "Mount its disk, or mend the path."
    if not any(folder.iterdir()):
        return f"no such file: the folder {folder} is empty", "Mount its disk, or mend the path."
    return "no such file", "Mend the path."


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file for reading; a pipe or a device is neither waited for nor touched.

    Raises
    ------
    OSError
        There is no such file, it may not be read, or it is no regular file. Its `filename` is `path`.
    """
    found = on_disk(path)
    try:
        _require_regular(found.stat(), path)  # opening a device may have effects
        descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _named(error, path) from None
    try:
        _require_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def open_media(path: Path) -> "av.container.InputContainer":
    """Open a media file for decoding: always a file, whatever its name looks like.

    FFmpeg would take what stands before a colon for a protocol, and connect to a host that a file's name gives. Only
    the containers of `formats_of` are opened, and only the decoders of `VIDEO_CODECS` and `SOUND_CODECS` are run to see
    what is in one.

    Raises
    ------
    OSError
        There is no such file, or it is no regular file.
    av.error.ArgumentError
        It is none of the containers of `formats_of`.
    av.error.FFmpegError
        FFmpeg cannot read it.
    """
    return _open(path, formats_of(path), VIDEO_CODECS | SOUND_CODECS)


def open_song(path: Path) -> "av.container.InputContainer":
    """Open a song, or a video for its sound alone, for decoding, as `open_media` opens a clip.

    Only the container of its suffix is opened (`SONG_FORMATS`, else those of a clip), no decoder of pictures is run.

    Raises
    ------
    OSError, av.error.FFmpegError
        As `open_media` does.
    """
    suffix = path.suffix.lower()
    return _open(path, (SONG_FORMATS[suffix],) if suffix in SONG_FORMATS else formats_of(path), SOUND_CODECS)


def _open(path: Path, formats: Iterable[str], codecs: Iterable[str]) -> "av.container.InputContainer":
    import av

    found = on_disk(path).absolute()
    _require_regular(found.stat(), path)
    allowed = {
        "format_whitelist": ",".join(formats),
        "codec_whitelist": ",".join(sorted(codecs)),
        "protocol_whitelist": "file",
    }
    return av.open(file_url(found), options=allowed)


def formats_of(path: Path) -> tuple[str, ...]:
    """Return FFmpeg's names of the containers that a file may be, by its suffix."""
    return ("matroska",) if path.suffix.lower() in MATROSKA_SUFFIXES else FORMATS


def file_url(path: Path) -> str:
    """Return the name by which FFmpeg takes a path for a file and for nothing else."""
    return f"file:{path.absolute()}"


def _require_regular(status: os.stat_result, path: Path) -> None:
    kind = irregular(status)
    if kind:
        raise OSError(errno.EINVAL, kind, str(path))


def _named(error: OSError, path: Path) -> OSError:
    """Return an error with the path as it is stored, not as it is on disk."""
    return type(error)(error.errno, error.strerror, str(path))
