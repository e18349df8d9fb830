"""rtmpose-t_couples.py with a third kind of frames: those that `couples/relabelled.py` labels."""

# mypy: disable-error-code="attr-defined"
_base_ = ["rtmpose-t_couples.py"]

train_dataloader = {
    "dataset": {
        "sources": [
            dict(**_base_.first_collection, share=0.43),
            dict(**_base_.second_collection, share=0.23),
            {"folder": _base_.drawn, "share": 0.09},
            {"folder": "work/relabelled", "share": 0.25},
        ],
    },
}
optim_wrapper = {"optimizer": {"lr": 2e-4}}
train_cfg = {"max_epochs": 6}
