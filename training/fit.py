"""Fit all that is shipped and fitted, from the videos to the constants: `make fit`.

Raise `pose.embeddings.constants.VERSION`, `pose.embeddings.moments.VERSION`, `pose.transitions.constants.VERSION` and
`music.embedding.VERSION` where the constants change: vectors of two versions do not compare. The weights of the roles'
cues are fitted by `training/role_weights.py`: they are part of what finds the keypoints, so they come first.
"""

from training import audio_constants, footage, pose_constants, transition_constants


def main() -> None:
    clips = footage.load()
    written = [
        *pose_constants.write(clips),
        transition_constants.write(clips),
        audio_constants.write([clip.path for clip in clips]),
    ]
    for target in written:
        print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB from {len(clips)} clips")


if __name__ == "__main__":
    main()
