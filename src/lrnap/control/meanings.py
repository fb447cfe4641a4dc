"""THE table of what control calls do: the name in the call table -> a function of a console and the call's arguments.

Not in it: DESCRIBING, which begin, feed and end the description of a scene. They are for whoever holds the description.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lrnap.control import attributes, errors, network, parameters, pictures, rendering
from lrnap.control.job import Result

DESCRIBING = frozenset({"Init", "Parse", "ParsePartial", "Cleanup"})

MEANINGS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    # Engine control.
    "Version": rendering.version,
    "ParseSuccessful": rendering.parse_successful,
    "StartRenderingAfterParse": rendering.start_rendering_after_parse,
    "ParseEnd": rendering.parse_end,
    "Start": rendering.start,
    "Pause": rendering.pause,
    "Exit": rendering.finish,
    "Abort": rendering.abort,
    "Wait": rendering.wait,
    "SetHaltSamplesPerPixel": rendering.set_halt_samples_per_pixel,
    "AddThread": rendering.add_thread,
    "RemoveThread": rendering.remove_thread,
    # Framebuffer and film.
    "UpdateFramebuffer": pictures.update_framebuffer,
    "Framebuffer": pictures.framebuffer,
    "FloatFramebuffer": pictures.float_framebuffer,
    "AlphaBuffer": pictures.alpha_buffer,
    "ZBuffer": pictures.z_buffer,
    "BlenderCombinedDepthBuffers": pictures.blender_combined_depth_buffers,
    "BlenderCombinedDepthRects": pictures.blender_combined_depth_rects,
    "GetHistogramImage": pictures.get_histogram_image,
    "SetUserSamplingMap": pictures.set_user_sampling_map,
    "GetUserSamplingMap": pictures.get_user_sampling_map,
    "SaveEXR": pictures.save_exr,
    "LoadFLM": pictures.load_flm,
    "SaveFLM": pictures.save_flm,
    "SaveFLMToStream": pictures.save_flm_to_stream,
    "DeleteFLMBuffer": pictures.delete_flm_buffer,
    "LoadFLMFromStream": pictures.load_flm_from_stream,
    "UpdateFLMFromStream": pictures.update_flm_from_stream,
    "ResetFlm": pictures.reset_flm,
    "OverrideResumeFLM": pictures.override_resume_flm,
    "OverrideFilename": pictures.override_filename,
    # Old-style parameters of the film.
    "SetParameterValue": parameters.set_value,
    "GetParameterValue": parameters.get_value,
    "GetDefaultParameterValue": parameters.get_default_value,
    "SetStringParameterValue": parameters.set_string_value,
    "GetStringParameterValue": parameters.get_string_value,
    "GetDefaultStringParameterValue": parameters.get_default_string_value,
    # Queryable attributes and statistics.
    "GetAttributes": attributes.get_attributes,
    "HasObject": attributes.has_object,
    "HasAttribute": attributes.has_attribute,
    "GetAttributeType": attributes.get_attribute_type,
    "GetAttributeDescription": attributes.get_attribute_description,
    "HasAttributeDefaultValue": attributes.has_attribute_default_value,
    "GetAttribute": attributes.get_attribute,
    "SetAttribute": attributes.set_attribute,
    "GetStringAttribute": attributes.get_string,
    "GetStringAttributeDefault": attributes.get_string_default,
    "SetStringAttribute": attributes.set_attribute,
    "GetFloatAttribute": attributes.get_number,
    "GetFloatAttributeDefault": attributes.get_number_default,
    "SetFloatAttribute": attributes.set_attribute,
    "GetDoubleAttribute": attributes.get_number,
    "GetDoubleAttributeDefault": attributes.get_number_default,
    "SetDoubleAttribute": attributes.set_attribute,
    "GetIntAttribute": attributes.get_int,
    "GetIntAttributeDefault": attributes.get_int_default,
    "SetIntAttribute": attributes.set_attribute,
    "GetBoolAttribute": attributes.get_bool,
    "GetBoolAttributeDefault": attributes.get_bool_default,
    "SetBoolAttribute": attributes.set_attribute,
    "Statistics": attributes.statistic,
    "PrintableStatistics": attributes.printable_statistics,
    "UpdateStatisticsWindow": rendering.update_statistics_window,
    "MagnitudeReduce": attributes.magnitude_reduce,
    "MagnitudePrefix": attributes.magnitude_prefix,
    # Network.
    "AddServer": network.add_server,
    "RemoveServer": network.remove_server,
    "ResetServer": network.reset_server,
    "GetServerCount": network.get_server_count,
    "UpdateFilmFromNetwork": network.update_film_from_network,
    "UpdateLogFromNetwork": network.update_log_from_network,
    "SetNetworkServerUpdateInterval": network.set_interval,
    "GetNetworkServerUpdateInterval": network.get_interval,
    "GetRenderingServersStatus": network.get_rendering_servers_status,
    # Errors.
    "LastError": errors.last_error,
    "ErrorFilter": errors.error_filter,
    "GetErrorFilter": errors.get_error_filter,
    "ErrorHandler": errors.error_handler,
    "ErrorAbort": errors.error_abort,
    "ErrorIgnore": errors.error_ignore,
    "ErrorPrint": errors.error_print,
}

__all__ = ["DESCRIBING", "MEANINGS", "Result"]
