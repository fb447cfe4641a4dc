"""What the control calls of the Lux API mean: each once, for a node, for the client, and for a scene file.

    job          what is steered (Steered), and how it stands (Figures)
    console      Console: whoever steers it, with what belongs to him alone; `do(call)` does a control call
    meanings     the table from the call's name to what it does, from the modules named like the call table's groups:
                 rendering, pictures, parameters, attributes (with registry and statistics), network, errors

Rules for this package: no sockets, no threads but for arithmetic on films, and nothing about one mode alone: modes
differ by their `Steered`.
"""
