"""Files of arrays by name, with some text beside them: safetensors, or npz where the path ends so.  Never pickle.

A safetensors file is the length of a header, eight bytes; the header in JSON, which says of each array its dtype, its
shape and where its bytes lie; and the bytes.  That is little enough to be written here.
"""

import json
import math
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import get_ident
from typing import Any, BinaryIO

import numpy as np

from pycograd.core import resolve_dtype, told
from pycograd.core.lazy import optional

__all__ = ["TEXT", "read_arrays", "write_arrays"]

CODES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1", "C64": "<c8",
}  # fmt: skip
NAMES = {np.dtype(text): code for code, text in CODES.items()}
PAIRS = "pairs_of_reals"  # in the text: arrays of complex128, for which safetensors has no code
TEXT = "__metadata__"
LONGEST_HEADER = 100_000_000


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any], text: Mapping[str, str]) -> None:
    """Write `arrays` and `text` to `path`, which is replaced in one piece or not at all.

    Raises TypeError for an array of a dtype that has no place in the file.
    """
    found = {name: np.asarray(a) for name, a in arrays.items()}
    write = write_npz if str(path).endswith(".npz") else write_safetensors
    replace(Path(path), lambda file: write(file, found, dict(text)))


def read_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The arrays and the text of the file at `path`.

    Raises ValueError if it is not such a file, or not all of one.
    """
    if str(path).endswith(".npz"):
        return read_npz(Path(path))
    return read_safetensors(Path(path))


def replace(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside `path`, and give it that name once it is complete and on the disk."""
    path = path.resolve()  # a link stays one
    if not path.parent.is_dir():
        raise FileNotFoundError(
            told(f"save: there is no folder {path.parent}", fix="Path(path).parent.mkdir()")
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def broken(path: Path, why: str) -> ValueError:
    return ValueError(
        told(
            f"{path.name} is not a file that save wrote, or not all of one: {why}",
            fix="the path of a saved file",
        )
    )


# ---- safetensors ---------------------------------------------------------------------------------------------------
def write_safetensors(file: BinaryIO, arrays: dict[str, Any], text: dict[str, str]) -> None:
    pairs = [name for name, a in arrays.items() if a.dtype == np.complex128]
    header: dict[str, Any] = {TEXT: {**text, PAIRS: json.dumps(pairs)} if pairs else text}
    blocks, end = [], 0
    for name, a in arrays.items():
        a = np.stack([a.real, a.imag], axis=-1) if name in pairs else a
        block = np.ascontiguousarray(a.astype(a.dtype.newbyteorder("<"), copy=False)).tobytes()
        header[name] = {
            "dtype": code_of(name, a.dtype), "shape": list(a.shape), "data_offsets": [end, end + len(block)]
        }  # fmt: skip
        blocks.append(block)
        end += len(block)
    said = json.dumps(header, separators=(",", ":")).encode()
    said += b" " * (-len(said) % 8)  # the data is aligned
    file.write(struct.pack("<Q", len(said)) + said)
    for block in blocks:
        file.write(block)


def code_of(name: str, dtype: np.dtype[Any]) -> str:
    code = "BF16" if dtype.name == "bfloat16" else NAMES.get(dtype.newbyteorder("<"))
    if code is None:
        raise TypeError(
            told(
                f"{name!r} has the dtype {dtype}, which safetensors cannot hold",
                fix="a path that ends in .npz",
            )
        )
    return code


def read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    data = path.read_bytes()
    if len(data) < 8:
        raise broken(path, "it has no header")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(len(data) - 8, LONGEST_HEADER):
        raise broken(path, f"its header would have {length} bytes, the file has {len(data)}")
    try:
        header = json.loads(data[8 : 8 + length])
        text = header.pop(TEXT, {})
        arrays = {name: array_at(data, 8 + length, **entry) for name, entry in header.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise broken(path, f"its header says {error}") from None
    for name in json.loads(text.pop(PAIRS, "[]")):
        arrays[name] = np.ascontiguousarray(arrays[name]).view(np.complex128)[..., 0]
    return arrays, text


def array_at(data: bytes, start: int, *, dtype: str, shape: list[int], data_offsets: list[int]) -> Any:
    begin, end = data_offsets
    kind = resolve_dtype("bf16") if dtype == "BF16" else np.dtype(CODES[dtype])
    count = math.prod(shape)
    if not 0 <= begin <= end <= len(data) - start or end - begin != count * kind.itemsize:
        raise ValueError(f"bytes {begin} to {end} for an array of {dtype} and shape {tuple(shape)}")
    return np.frombuffer(data, kind, count, start + begin).reshape(shape).astype(kind.newbyteorder("="))


# ---- npz -----------------------------------------------------------------------------------------------------------
def write_npz(file: BinaryIO, arrays: dict[str, Any], text: dict[str, str]) -> None:
    for name, a in arrays.items():
        if a.dtype.kind not in "biufc":
            raise TypeError(
                told(
                    f"{name!r} has the dtype {a.dtype}, which npz cannot hold",
                    fix="a path that ends in .safetensors",
                )
            )
    said = np.frombuffer(json.dumps(text).encode(), np.uint8)
    with optional("zipfile", "").ZipFile(
        file, "w"
    ) as archive:  # as np.savez does it, to which some names are keywords
        for name, a in {**arrays, TEXT: said}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, a, allow_pickle=False)


def read_npz(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except FileNotFoundError:
        raise
    except Exception as error:  # of zip, of npy, of a pickle that is refused
        why = "it holds a pickle, or is no zip" if "pickle" in str(error) else str(error)
        raise broken(path, why) from None
    said = arrays.pop(TEXT, None)
    return arrays, {} if said is None else json.loads(said.tobytes())
