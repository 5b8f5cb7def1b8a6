"""What the Hub's own client makes of a room: `HF_ENDPOINT` is the room, `HF_HOME` an empty folder.

Usage: mirror-hub.py <repo>; prints JSON: id, commit, siblings, and a SHA-256 by path of what came.
"""

import hashlib
import json
import pathlib
import sys

from huggingface_hub import HfApi, hf_hub_download, list_repo_files, model_info, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refusal(act) -> str:
    try:
        act()
    except Exception as error:
        known = (EntryNotFoundError, RevisionNotFoundError, RepositoryNotFoundError)
        return next((kind.__name__ for kind in known if isinstance(error, kind)), repr(error))
    return "none"


repo = sys.argv[1]
info = model_info(repo, files_metadata=True)
one = pathlib.Path(hf_hub_download(repo, "config.json"))
folder = pathlib.Path(snapshot_download(repo))
checked = HfApi().verify_repo_checksums(repo) if hasattr(HfApi, "verify_repo_checksums") else None
print(
    json.dumps(
        {
            "id": info.id,
            "commit": info.sha,
            "sizes": {file.rfilename: file.size for file in info.siblings},
            "listed": sorted(list_repo_files(repo)),
            "snapshot": folder.name,
            "one": sha256(one),
            "hashes": {
                path.relative_to(folder).as_posix(): sha256(path)
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            },
            "mismatches": [] if checked is None else [str(each) for each in checked.mismatches],
            "refusals": [
                refusal(lambda: hf_hub_download(repo, "nada.bin")),
                refusal(lambda: hf_hub_download(repo, "config.json", revision="otra")),
                refusal(lambda: model_info("nadie/nada")),
            ],
        }
    )
)
