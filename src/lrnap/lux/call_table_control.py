"""The rows of the call table that steer an engine: rendering, film, parameters, attributes, network and errors."""

from __future__ import annotations

from functools import partial

from lrnap.lux.call_spec import CallSpec, Kind, Where, row

_engine = partial(row, group="engine", where=Where.ANY)
_film = partial(row, group="film", where=Where.ANY)
_parameter = partial(row, group="parameter", where=Where.ANY)
_attribute = partial(row, group="attribute", where=Where.ANY)
_network = partial(row, group="network", where=Where.ANY)
_error = partial(row, group="error", where=Where.ANY)


def _attribute_rows() -> tuple[CallSpec, ...]:
    """Get, default and Set of each type: three rows that differ in the type alone."""
    types: tuple[tuple[str, Kind], ...] = (
        ("String", "string"),
        ("Float", "number"),
        ("Double", "number"),
        ("Int", "integer"),
        ("Bool", "bool"),
    )
    rows = []
    for name, kind in types:
        word = name.lower()
        get = partial(_attribute, args="object attribute", pylux=False, returns=kind)
        rows += [
            get(f"Get{name}Attribute", doc=f"the value of a {word} attribute"),
            get(f"Get{name}AttributeDefault", doc=f"the default of a {word} attribute"),
            _attribute(
                f"Set{name}Attribute", args=f"object attribute value:{kind}", pylux=False, doc=f"set a {word} attribute"
            ),
        ]
    return tuple(rows)


ROWS = (
    # Engine control.
    _engine("Version", args="", returns="string", doc="the version of the Lux API"),
    _engine("Init", args="", pylux=False, doc="prepare an engine; done of itself before the first call"),
    _engine("Parse", args="file job?", returns="bool", doc="read a whole scene file; the job takes its name"),
    _engine("ParsePartial", args="file", returns="bool", doc="read a file as a part of the scene"),
    _engine("ParseSuccessful", args="", c=False, returns="bool", doc="whether the last scene was read without error"),
    _engine(
        "StartRenderingAfterParse",
        args="start:bool",
        pylux=False,
        doc="whether a scene renders as soon as it is complete",
    ),
    _engine("ParseEnd", args="", pylux=False, doc="start to render a scene that WorldEnd did not start"),
    _engine("Cleanup", args="", doc="end the description; a complete scene stays, ready to render"),
    _engine("Start", args="", doc="go on after Pause"),
    _engine("Pause", args="", doc="suspend rendering"),
    _engine("Exit", args="", doc="end rendering; the film stays"),
    _engine("Abort", args="", pylux=False, doc="end rendering at once; the film may be gone"),
    _engine("Wait", args="", doc="wait for the end of rendering"),
    _engine(
        "SetHaltSamplesPerPixel",
        args="spp:integer enough:bool suspend:bool",
        doc="set when to halt, whether it is enough now, and whether to wait then instead of ending",
    ),
    _engine("AddThread", args="", returns="integer", doc="render with one thread more"),
    _engine("RemoveThread", args="", returns="integer", doc="render with one thread less; one always stays"),
    row(
        "SetEpsilon",
        "engine",
        Where.SCENE,
        "min:number max:number",
        "how far from a surface the next one may be at least, by the size of coordinates between these; -1: as usual",
    ),
    row("EnableDebugMode", "engine", Where.OPTIONS, "", "check the engine's own work; taken and without effect"),
    row("DisableRandomMode", "engine", Where.OPTIONS, "", "always start from the same seed"),
    # Framebuffer and film.
    _film("UpdateFramebuffer", args="", doc="develop the film anew"),
    _film("Framebuffer", args="", returns="bytes", doc="the picture, 8-bit RGB"),
    _film("FloatFramebuffer", args="", returns="bytes", doc="the picture, float RGB, before gamma"),
    _film("AlphaBuffer", args="", returns="bytes", doc="the coverage of each pixel, float"),
    _film("ZBuffer", args="", c=False, returns="bytes", doc="the distance of each pixel, float"),
    _film(
        "BlenderCombinedDepthBuffers",
        args="",
        c=False,
        returns="bytes",
        doc="float RGBA and distance, bottom row first",
    ),
    _film("BlenderCombinedDepthRects", args="", c=False, returns="bytes", doc="the same as lists of pixels"),
    _film(
        "GetHistogramImage",
        args="width:integer height:integer options:integer",
        returns="bytes",
        doc="the histogram of the picture as a picture, 8-bit RGB",
    ),
    _film("SetUserSamplingMap", args="map:numbers", pylux=False, doc="say where to sample more; one number per pixel"),
    _film("GetUserSamplingMap", args="", pylux=False, returns="numbers", doc="what SetUserSamplingMap set"),
    _film(
        "SaveEXR",
        args="file half:bool zbuffer:bool compression:integer tonemapped:bool",
        returns="integer",
        doc="write an EXR; compression 0 RLE, 1 PIZ, 2 ZIP, 3 PXR24, 4 none",
    ),
    _film("LoadFLM", args="file", doc="load a film without its scene"),
    _film("SaveFLM", args="file", doc="save the film"),
    _film("SaveFLMToStream", args="", pylux=False, returns="bytes", doc="the film as .flm bytes; it begins anew"),
    _film("DeleteFLMBuffer", args="", pylux=False, doc="free what SaveFLMToStream returned; nothing to do here"),
    _film("LoadFLMFromStream", args="data:bytes name", pylux=False, doc="load a film from .flm bytes"),
    _film("UpdateFLMFromStream", args="data:bytes", pylux=False, returns="number", doc="add .flm bytes to the film"),
    _film("ResetFlm", args="", c="resetFlm", pylux=False, doc="forget all samples"),
    _film("OverrideResumeFLM", args="file", doc='resume the next scene from this .flm; "" for the scene\'s own'),
    _film("OverrideFilename", args="file", pylux=False, doc="set the output file of the next scene"),
    # Old-style parameters of the film. `parameter` is the name of the classic enumeration or its number.
    _parameter(
        "SetParameterValue",
        args="component:value parameter:value value:number index:integer?",
        doc="set a film parameter",
    ),
    _parameter(
        "GetParameterValue",
        args="component:value parameter:value index:integer?",
        returns="number",
        doc="the value of a film parameter",
    ),
    _parameter(
        "GetDefaultParameterValue",
        args="component:value parameter:value index:integer?",
        returns="number",
        doc="the default of a film parameter",
    ),
    _parameter(
        "SetStringParameterValue",
        args="component:value parameter:value value index:integer?",
        doc="set a film parameter that is a text",
    ),
    _parameter(
        "GetStringParameterValue",
        args="component:value parameter:value index:integer?",
        returns="string",
        doc="the value of a film parameter that is a text",
    ),
    _parameter(
        "GetDefaultStringParameterValue",
        args="component:value parameter:value index:integer?",
        returns="string",
        doc="the default of a film parameter that is a text",
    ),
    # Queryable attributes and statistics.
    _attribute("GetAttributes", args="", returns="text", doc="all objects and attributes, as XML"),
    _attribute("HasObject", args="object", pylux=False, returns="bool", doc="whether there is such an object"),
    _attribute(
        "HasAttribute", args="object attribute", pylux=False, returns="bool", doc="whether it has the attribute"
    ),
    _attribute(
        "GetAttributeType", args="object attribute", pylux=False, returns="string", doc="the type of an attribute"
    ),
    _attribute(
        "GetAttributeDescription", args="object attribute", pylux=False, returns="string", doc="what an attribute means"
    ),
    _attribute(
        "HasAttributeDefaultValue", args="object attribute", pylux=False, returns="bool", doc="whether it has a default"
    ),
    _attribute("GetAttribute", args="object attribute", c=False, returns="value", doc="the value of an attribute"),
    _attribute("SetAttribute", args="object attribute value:value", doc="set an attribute of any type"),
    *_attribute_rows(),
    _attribute("Statistics", args="name", returns="number", doc='a figure by name, e.g. "sceneIsReady"'),
    _attribute("PrintableStatistics", args="total:bool", returns="string", doc="the statistics as one line of text"),
    _attribute("UpdateStatisticsWindow", args="", doc="close the window over which rates are measured"),
    _attribute("MagnitudeReduce", args="number:number", returns="number", doc="a number without its k, M or G"),
    _attribute("MagnitudePrefix", args="number:number", returns="string", doc="the k, M or G of a number"),
    # Network.
    _network("AddServer", args="server", doc="render on this node too"),
    _network("RemoveServer", args="server", doc="no longer render on this node"),
    _network("ResetServer", args="server password", doc="free a node that another master holds"),
    _network("GetServerCount", args="", returns="integer", doc="how many nodes there are"),
    _network("UpdateFilmFromNetwork", args="", doc="fetch the films of the nodes now"),
    _network("UpdateLogFromNetwork", args="", pylux=False, doc="fetch the logs of the nodes now"),
    _network("SetNetworkServerUpdateInterval", args="seconds:integer", doc="set how often films are fetched"),
    _network(
        "GetNetworkServerUpdateInterval", args="", returns="integer", doc="how often films are fetched, in seconds"
    ),
    _network("GetRenderingServersStatus", args="", returns="text", doc="one line for each node"),
    # Errors. A handler is a function, so it is given in the client and never travels.
    _error("LastError", args="", pylux=False, returns="integer", doc="the classic number of the last error"),
    _error(
        "ErrorFilter", args="severity:integer", doc="report from here: debug -1, info 0, warning 1, error 2, severe 3"
    ),
    _error("GetErrorFilter", args="", pylux=False, returns="integer", doc="what ErrorFilter set"),
    _error("ErrorHandler", args="handler", doc='who is told of errors: "print", "ignore", or in Python a function'),
    _error("ErrorAbort", args="code:integer severity:integer message", pylux=False, doc="print an error and end"),
    _error("ErrorIgnore", args="code:integer severity:integer message", pylux=False, doc="do nothing with an error"),
    _error("ErrorPrint", args="code:integer severity:integer message", pylux=False, doc="print an error"),
)
