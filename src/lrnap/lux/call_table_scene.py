"""The rows of the call table that describe a scene: everything that may stand in a scene file."""

from __future__ import annotations

from functools import partial

from lrnap.lux.call_spec import Where, row

_options = partial(row, group="scene", where=Where.OPTIONS, args="plugin", lxs=True, params=True)
_world = partial(row, group="scene", where=Where.WORLD, lxs=True)
_transform = partial(row, group="transform", where=Where.TRANSFORM, lxs=True)

ROWS = (
    # What is rendered with what; the last of each kind counts.
    _options("Renderer", doc="choose the renderer"),
    _options("Sampler", doc="choose how samples are placed"),
    _options("SurfaceIntegrator", doc="choose how light on surfaces is computed"),
    _options("VolumeIntegrator", doc="choose how light in volumes is computed"),
    _options("Accelerator", doc="choose the intersection structure"),
    _options("PixelFilter", doc="choose the reconstruction filter"),
    _options("Film", doc="set the picture's size, output, halt condition and tonemapping"),
    _options("Camera", doc="set the camera; the current transform becomes world-to-camera"),
    # Blocks.
    row(
        "WorldBegin",
        "scene",
        Where.OPTIONS,
        "",
        "end the options; the current transform starts anew",
        lxs=True,
    ),
    _world("WorldEnd", args="", doc="end the scene, which is then complete"),
    _world("AttributeBegin", args="", doc="save material, lights, volumes, names and transform"),
    _world("AttributeEnd", args="", doc="restore what the matching AttributeBegin saved"),
    _world("ObjectBegin", args="name", doc="start an object that is placed later, by ObjectInstance"),
    _world("ObjectEnd", args="", doc="end the object"),
    # Materials, textures and volumes.
    _world(
        "Texture",
        args="name variant plugin",
        params=True,
        doc='define a texture; variant "float", "color" or "fresnel"',
    ),
    _world("Material", args="plugin", params=True, doc="set the material of the shapes that follow"),
    _world(
        "MakeNamedMaterial",
        args="name",
        params=True,
        doc='define a material; its plugin is the parameter "string type"',
    ),
    _world("NamedMaterial", args="name", doc="set a named material for the shapes that follow"),
    _world("MakeNamedVolume", args="name plugin", params=True, doc="define a volume for Interior and Exterior"),
    _world("Interior", args="name", doc='set the volume inside the shapes that follow; "" for none'),
    _world("Exterior", args="name", doc='set the volume around the shapes and lights that follow; "" for none'),
    _world("Volume", args="plugin", params=True, doc="fill a region of space with a medium"),
    # Lights.
    _world("LightGroup", args="name", params=True, c=False, doc="set the light group of the lights that follow"),
    _world("LightSource", args="plugin", params=True, doc="add a light"),
    _world("AreaLightSource", args="plugin", params=True, doc="make the shapes that follow emit light"),
    _world("PortalShape", args="plugin", params=True, doc="add an opening through which the current light shines"),
    _world("PortalInstance", args="name", doc="add an object as an opening of the current light"),
    # Shapes.
    _world("Shape", args="plugin", params=True, doc="add a shape"),
    _world("ReverseOrientation", args="", doc="turn the normals of the shapes that follow"),
    _world("ObjectInstance", args="name", doc="place an object at the current transform"),
    _world(
        "MotionInstance",
        args="name start:number end:number coordsys",
        doc="place an object that moves from the current transform to a coordinate system (prefer MotionBegin)",
    ),
    # Transforms.
    _transform("Identity", args="", doc="forget the current transform"),
    _transform("Translate", args="dx:number dy:number dz:number", doc="move what follows"),
    _transform(
        "Rotate", args="angle:number ax:number ay:number az:number", doc="turn what follows by degrees about an axis"
    ),
    _transform("Scale", args="sx:number sy:number sz:number", doc="stretch what follows"),
    _transform(
        "LookAt",
        args="ex:number ey:number ez:number lx:number ly:number lz:number ux:number uy:number uz:number",
        doc="look from a point to a point, with a direction that is up",
    ),
    _transform("Transform", args="matrix:numbers16", doc="replace the current transform; 16 numbers, column by column"),
    _transform(
        "ConcatTransform", args="matrix:numbers16", doc="multiply the current transform; 16 numbers, column by column"
    ),
    _transform("CoordSysTransform", args="name", doc="replace the current transform by a named coordinate system"),
    _transform("MotionEnd", args="", doc="end the motion; one transform must stand there for each time"),
    row(
        "MotionBegin",
        "transform",
        Where.SCENE,
        "times:numbers",
        "start a motion: one transform for each time",
        lxs=True,
    ),
    row("CoordinateSystem", "transform", Where.SCENE, "name", "give the current transform a name", lxs=True),
    row("TransformBegin", "transform", Where.SCENE, "", "save the current transform", lxs=True),
    row("TransformEnd", "transform", Where.SCENE, "", "restore what the matching TransformBegin saved", lxs=True),
    # What only scene files have.
    row("Include", "scene", Where.ANY, "file", "read another file here", lxs=True, c=False, pylux=False),
    row("SearchPath", "scene", Where.ANY, "path", "accepted and ignored", lxs=True, c=False, pylux=False),
)
