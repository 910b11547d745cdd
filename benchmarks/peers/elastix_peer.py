"""itk-elastix, tuned: Mattes mutual information with random coordinates in a mask around the bone, adaptive descent.

It starts from the pose that SimpleITK's coarse search and a first refinement at eight voxels find, as elastix has no
search of its own over the whole circle.
"""

from typing import Any

import numpy as np

from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform
from peers.coarse_start import Images, cropped, from_itk, images_of, to_itk
from peers.simpleitk_peer import first_pose

BLOCK = 2
SAMPLES, ITERATIONS = 2_048, 250


def register(
    fixed: Scan, moving: Scan, *, samples: int = SAMPLES, iterations: int = ITERATIONS, block: int = BLOCK
) -> RigidTransform:
    """The transform from `fixed` to `moving`."""
    images = images_of(fixed, moving, (16, 8, *([4, 2, 1][: {4: 1, 2: 2, 1: 3}[block]])))
    return refine(images, first_pose(images), samples=samples, iterations=iterations, block=block)


def refine(images: Images, pose: RigidTransform, *, samples: int, iterations: int, block: int) -> RigidTransform:
    import itk

    part, mask, _ = cropped(images, block, 2)
    still, onto, near = _as_itk(part, np.float32), _as_itk(images.moving[block], np.float32), _as_itk(mask, np.uint8)
    centre = images.axes[0]
    method = itk.ElastixRegistrationMethod.New(still, onto)
    method.SetFixedMask(near)
    # What elastix finds comes after the start: it turns about where that brings the bone.
    there = pose(centre)
    method.SetParameterObject(_parameters(samples, iterations, there))
    method.SetExternalInitialTransform(_itk_transform(to_itk(pose, centre)))
    method.SetLogToConsole(False)
    method.UpdateLargestPossibleRegion()
    maps = method.GetTransformParameterObject()
    # The first is the start, the last what was found before it.
    found = maps.GetParameterMap(maps.GetNumberOfParameterMaps() - 1)
    change = to_itk(RigidTransform(), there)
    change.SetComputeZYX(found["ComputeZYX"][0] == "true")
    change.SetCenter([float(value) for value in found["CenterOfRotationPoint"]])
    change.SetParameters([float(value) for value in found["TransformParameters"]])
    return from_itk(change).after(pose)


def _parameters(samples: int, iterations: int, centre: np.ndarray) -> Any:
    import itk

    settings = {
        "FixedInternalImagePixelType": ["float"],
        "MovingInternalImagePixelType": ["float"],
        "Registration": ["MultiResolutionRegistration"],
        "FixedImagePyramid": ["FixedShrinkingImagePyramid"],
        "MovingImagePyramid": ["MovingShrinkingImagePyramid"],
        "NumberOfResolutions": ["1"],
        "ImagePyramidSchedule": ["1", "1", "1"],
        "Interpolator": ["LinearInterpolator"],
        "ResampleInterpolator": ["FinalLinearInterpolator"],
        "Resampler": ["DefaultResampler"],
        "Metric": ["AdvancedMattesMutualInformation"],
        "NumberOfHistogramBins": ["32"],
        "Transform": ["EulerTransform"],
        "AutomaticTransformInitialization": ["false"],
        "AutomaticScalesEstimation": ["true"],
        "CenterOfRotationPoint": [f"{value:.6f}" for value in centre[::-1]],
        "HowToCombineTransforms": ["Compose"],
        "Optimizer": ["AdaptiveStochasticGradientDescent"],
        "MaximumNumberOfIterations": [str(iterations)],
        "MaximumStepLength": [f"{40.0:g}"],
        "ImageSampler": ["RandomCoordinate"],
        "NumberOfSpatialSamples": [str(samples)],
        "NewSamplesEveryIteration": ["true"],
        "MaximumNumberOfSamplingAttempts": ["10"],
        "RequiredRatioOfValidSamples": ["0.02"],
        "ErodeMask": ["false"],
        "RandomSeed": ["1"],
        "WriteResultImage": ["false"],
    }
    parameters = itk.ParameterObject.New()
    parameters.AddParameterMap(settings)
    return parameters


def _as_itk(image: Any, kind: type) -> Any:
    import itk
    import SimpleITK as sitk  # noqa: N813

    out = itk.image_from_array(sitk.GetArrayFromImage(image).astype(kind, copy=False))
    out.SetSpacing(image.GetSpacing())
    out.SetOrigin(image.GetOrigin())
    return out


def _itk_transform(transform: Any) -> Any:
    import itk

    out = itk.Euler3DTransform[itk.D].New()
    out.SetCenter(transform.GetCenter())
    out.SetParameters(itk.OptimizerParameters[itk.D](list(transform.GetParameters())))
    return out


def load() -> None:
    """Load what itk otherwise loads on first use."""
    import itk

    small = itk.image_from_array(np.zeros((4, 4, 4), np.float32))
    itk.image_from_array(np.zeros((4, 4, 4), np.uint8))
    itk.ElastixRegistrationMethod.New(small, small)
    itk.ParameterObject.New()
    itk.Euler3DTransform[itk.D].New()
