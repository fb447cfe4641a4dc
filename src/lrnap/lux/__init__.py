"""The Lux API without I/O: everything that describes a scene, and nothing that renders one.

    call          Call, Param, Location: one API call as a value; Target: what consumes calls
    calls         the call table: every statement and API call, once
    plugins       the plugin tables: every material, shape, light ... with its parameters
    params        typed parameters: making them, and reading them with defaults (ParamSet)
    reader        read(path): scene files to calls
    writer        Writer(path): calls to scene files
    checker       Checker(): the rules of a scene, with errors that say where
    builder       describe(calls): the graphics state resolved, as a SceneDescription
    recorder      Recorder(find, room): calls to a Scene; Tee(*targets)
    files         the files that calls name, and where they lie

A scene file checked, copied and described:

    checker = Checker()
    with Writer("copy.lxs") as writer:
        target = Tee(checker, writer)
        for call in read("scene.lxs"):
            target.call(call)
    description = describe(read("copy.lxs"))

All of it is free of state between scenes; an object serves one thread at a time.
"""
