"""Blocks of films that two processes share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lrnap.engine.blocks import BlockFile, open_block


def test_what_the_child_writes_the_parent_reads_and_no_file_is_left(tmp_path: Path) -> None:
    file = BlockFile(6, folder=str(tmp_path))
    assert file.path.stat().st_size == 24
    childs = open_block(file.path)
    assert not [*tmp_path.iterdir()], "it has lost its name as soon as both have it open"
    childs[:] = np.arange(6)
    block = file.block
    assert block.tolist() == [0, 1, 2, 3, 4, 5]
    assert not block.flags.writeable
    file.remove()  # the child has done it already
    del childs, file
    assert block.tolist() == [0, 1, 2, 3, 4, 5], "as long as somebody looks at it"


def test_a_block_whose_child_never_came_is_removed_by_the_parent(tmp_path: Path) -> None:
    file = BlockFile(6, folder=str(tmp_path))
    file.remove()
    assert not [*tmp_path.iterdir()]
    assert not file.block.any()
