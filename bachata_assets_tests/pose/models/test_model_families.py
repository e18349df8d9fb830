"""Each family of models gives what MMDet's and MMPose's own code gives, at sizes that are quick."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import torch
from mmpose.codecs import MSRAHeatmap, UDPHeatmap

from bachata_assets.pose.geometry import non_maximum_suppression
from bachata_assets.pose.models.decoding import decode_boxes, decode_keypoints, form_of
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.model_sets import ModelSetError, ModelSpec, load_model_set
from bachata_assets.pose.models.openmmlab import _pose_form, build_model
from bachata_assets_tests.support.official_form import SMALL, save_official


def small(kind: str, folder: Path, of: ModelSpec) -> ModelSpec:
    spec = replace(of, kind=kind, folder=folder, sha256="", options=SMALL[of.config])
    save_official(spec)
    return spec


def of_mmdet(model: Any, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return MMDet's own persons in an image: scores and boxes, best first."""
    from mmdet.structures import DetDataSample

    shape = image.shape[:2]
    sample = DetDataSample(metainfo={"img_shape": shape, "scale_factor": (1.0, 1.0), "ori_shape": shape})
    inputs = {"inputs": [torch.from_numpy(image).permute(2, 0, 1)], "data_samples": [sample]}
    with torch.inference_mode():
        found = model.test_step(inputs)[0].pred_instances
    persons = found.labels == 0
    return found.scores[persons].numpy(), found.bboxes[persons].numpy()


def detected(exported: openvino.Model, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the persons that the exported model gives, suppressed at IoU 0.5, best first."""
    model = exported.clone()
    model.reshape([1, *image.shape])
    outputs = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([image[None]])
    scores, boxes = outputs[0][0], decode_boxes(form_of(exported), outputs[1][0], (image.shape[1], image.shape[0]))
    boxes = np.clip(boxes, 0, [image.shape[1], image.shape[0]] * 2)
    kept = non_maximum_suppression(boxes, scores, 0.5)
    return scores[kept], boxes[kept]


@pytest.mark.parametrize("name", ["faster rcnn", "rtmdet of 80 classes"])
def test_persons_are_those_of_mmdet_in_wide_and_upright_frames(tmp_path: Path, cache_dir: Path, name: str) -> None:
    of = load_model_set("hrnet-w48" if name == "faster rcnn" else "rtmpose-m").detector
    if name != "faster rcnn":
        of = replace(of, config="mmdet:configs/rtmdet/rtmdet_tiny_8xb32-300e_coco.py")
    spec = replace(small("detector", tmp_path, of), input_size=(192, 128))
    exported, model = exported_model(spec, cache_dir), build_model(spec)
    limits = {"score_thr": 0.0, "nms": {"type": "nms", "iou_threshold": 0.5}, "max_per_img": 10**6, "nms_pre": 10**6}
    (model.roi_head if hasattr(model, "roi_head") else model.bbox_head).test_cfg.update(limits)
    for shape in ((128, 192, 3), (192, 128, 3)):
        image = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
        scores, boxes = detected(exported, image)
        theirs, their_boxes = of_mmdet(model, image)
        count = 100
        assert np.abs(scores[:count] - theirs[:count]).max() < 1e-5
        # Equal scores may come in either order.
        distance = np.abs(boxes[:count, None] - their_boxes[None, : count + 2]).max(-1).min(1)
        assert distance.max() < 0.05
        assert np.ptp(boxes[:count], axis=0).min() > 10


@pytest.mark.parametrize("unbiased", [False, True])
def test_heatmaps_are_decoded_as_by_mmposes_codec(unbiased: bool) -> None:
    codec = MSRAHeatmap(input_size=(288, 384), heatmap_size=(72, 96), sigma=3, unbiased=unbiased, blur_kernel_size=17)
    rng = np.random.default_rng(0)
    truth = rng.uniform([0, 0], [287, 383], (60, 2))
    heatmaps = np.concatenate([codec.encode(point[None, None])["heatmaps"] for point in truth])
    heatmaps += rng.uniform(0, 0.01, heatmaps.shape).astype(np.float32)
    heatmaps[-1] = -1.0
    theirs, scores = codec.decode(heatmaps)
    ours = decode_keypoints(_pose_form(codec), (heatmaps,), (288, 384))
    assert np.abs(ours[:, :2] - theirs[0]).max() < 1e-3
    assert np.allclose(ours[:, 2], np.clip(scores[0], 0, 1))
    assert np.median(np.abs(ours[:-1, :2] - truth[:-1])) < (0.2 if unbiased else 1.5)
    assert ours[-1].tolist() == [-4, -4, 0]


def test_a_codec_that_is_not_known_is_named() -> None:
    codec = UDPHeatmap(input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
    with pytest.raises(ModelSetError, match="the codec UDPHeatmap cannot be used: SimCCLabel and MSRAHeatmap can"):
        _pose_form(codec)


@pytest.mark.parametrize("name", ["rtmpose-x", "hrnet-w48"])
def test_keypoints_in_a_crop_are_those_of_mmpose(tmp_path: Path, cache_dir: Path, name: str) -> None:
    spec = small("pose", tmp_path, load_model_set(name).pose)
    exported, model = exported_model(spec, cache_dir), build_model(spec)
    crop = np.random.default_rng(0).integers(0, 255, (*spec.input_size[::-1], 3), np.uint8)
    compiled = openvino.Core().compile_model(exported, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    outputs = compiled([crop[None]])
    ours = decode_keypoints(form_of(exported), tuple(outputs[i][0] for i in range(len(outputs))), spec.input_size)
    with torch.inference_mode():
        data = model.data_preprocessor({"inputs": [torch.from_numpy(crop).permute(2, 0, 1)], "data_samples": []})
        features = model.extract_feat(data["inputs"])
        theirs = model.head.decode(model.head.forward(features))[0]
    assert ours.shape == (17, 3)
    assert np.abs(ours[:, :2] - theirs.keypoints[0, :17]).max() < 0.01
    assert np.ptp(ours[:, :2], axis=0).min() > 10
