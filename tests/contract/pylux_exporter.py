"""An exporter as people have written them for pylux: a class that manages the context, objects as parameters, a thread
that watches. Nothing in it knows of lrnap but the line that imports pylux."""

import multiprocessing
import threading
import time

import lrnap.pylux as pylux


class ParamSetItem:
    def __init__(self, type, name, value):
        self.type, self.name, self.value = type, name, value
        self.type_name = f"{type} {name}"


class ParamSet(list):
    def add(self, type, name, value):
        self.append(ParamSetItem(type, name, value))
        return self

    def add_float(self, name, value):
        return self.add("float", name, value)

    def add_integer(self, name, value):
        return self.add("integer", name, value)

    def add_color(self, name, value):
        return self.add("color", name, value)

    def add_string(self, name, value):
        return self.add("string", name, value)

    def add_bool(self, name, value):
        return self.add("bool", name, value)


class ExporterContext(pylux.Context):
    """With a comment for each block, which only files would show."""

    def attributeBegin(self, comment="", file=None):
        pylux.Context.attributeBegin(self)


FLOOR = ([-4.0, -4.0, 0.0, 4.0, -4.0, 0.0, 4.0, 4.0, 0.0, -4.0, 4.0, 0.0], [0, 1, 2, 0, 2, 3])
WALL = ([-4.0, 3.0, 0.0, 4.0, 3.0, 0.0, 4.0, 3.0, 6.0, -4.0, 3.0, 6.0], [0, 1, 2, 0, 2, 3])


class Exporter:
    """Renders a red ball in front of a wall, to `filename`, with `spp` samples per pixel."""

    def __init__(self, filename, width=64, height=48, spp=8):
        self.filename, self.size, self.spp = str(filename), (width, height), spp
        self.log = []
        self.progress = []
        pylux.errorHandler(lambda code, severity, message: self.log.append((severity, message)))
        pylux.errorFilter(pylux.ErrorSeverity.LUX_WARNING)
        self.ctx = ExporterContext("LuxContext 0001 (Scene)")
        self.ctx.exit()  # as careful programs do before anything is there
        self.ctx.wait()

    def export(self):
        ctx = self.ctx
        ctx.renderer("sampler", ParamSet())
        ctx.sampler("metropolis", ParamSet().add_float("largemutationprob", 0.4).add_bool("usevariance", False))
        ctx.surfaceIntegrator("path", ParamSet().add_integer("maxdepth", 8))
        ctx.lookAt(0, -6, 2.5, 0, 0, 1, 0, 0, 1)
        ctx.camera("perspective", ParamSet().add_float("fov", 45.0))
        film = ParamSet().add_integer("xresolution", self.size[0]).add_integer("yresolution", self.size[1])
        film.add_string("filename", self.filename).add_bool("write_png", True).add_bool("write_exr", False)
        film.add_bool("write_exr_ZBuf", True).add_bool("write_resume_flm", False)
        film.add_string("tonemapkernel", "reinhard").add_integer("haltspp", self.spp)
        ctx.film("fleximage", film)
        ctx.worldBegin()
        self.materials()
        self.mesh("floor", *FLOOR)
        self.mesh("wall", *WALL)
        ctx.attributeBegin(comment="ball")
        ctx.transform([1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0])
        ctx.namedMaterial("ball")
        ctx.shape("sphere", [("float radius", 1.0)])
        ctx.attributeEnd()
        ctx.attributeBegin(comment="lamp")
        ctx.lightGroup("key", [])
        ctx.translate(0, -2, 5)
        ctx.rotate(180, 1, 0, 0)
        ctx.areaLightSource("area", ParamSet().add_color("L", (1.0, 0.95, 0.9)).add_float("gain", 20.0))
        ctx.shape("disk", ParamSet().add_float("radius", 1.0))
        ctx.attributeEnd()

    def materials(self):
        for name, colour in (("floor", (0.6, 0.6, 0.6)), ("wall", (0.2, 0.3, 0.7)), ("ball", (0.8, 0.1, 0.05))):
            self.ctx.makeNamedMaterial(name, ParamSet().add_string("type", "matte").add_color("Kd", colour))

    def mesh(self, material, points, indices):
        self.ctx.attributeBegin(comment=material)
        self.ctx.namedMaterial(material)
        mesh = ParamSet().add_integer("ntris", len(indices)).add_integer("nvertices", len(points) // 3)
        mesh.add_integer("indices", indices).add("point", "P", points).add_string("name", material)
        self.ctx.shape("trianglemesh", mesh)
        self.ctx.attributeEnd()

    def render(self, interval=0.05):
        """Until it is over; what it has said meanwhile is in `progress`."""
        ctx = self.ctx
        ctx.worldEnd()
        while ctx.statistics("sceneIsReady") != 1.0:
            time.sleep(interval)
        for _ in range(multiprocessing.cpu_count() - 1):
            ctx.addThread()
        watching = threading.Thread(target=self._watch, args=(interval,))
        watching.start()
        watching.join()
        ctx.exit()
        ctx.wait()

    def _watch(self, interval):
        ctx = self.ctx
        while True:
            ctx.updateStatisticsWindow()
            ctx.updateFramebuffer()
            self.progress.append(ctx.printableStatistics(True))
            if any(ctx.statistics(name) == 1.0 for name in ("filmIsReady", "terminated", "enoughSamples")):
                return
            time.sleep(interval)

    def pixels(self):
        """The picture as rows of (red, green, blue)."""
        self.ctx.updateFramebuffer()
        width = int(self.ctx.getAttribute("film", "xResolution"))
        flat = self.ctx.framebuffer()
        pixels = [tuple(flat[i : i + 3]) for i in range(0, len(flat), 3)]
        return [pixels[i : i + width] for i in range(0, len(pixels), width)]

    def close(self):
        for server in self.ctx.getRenderingServersStatus():
            self.ctx.removeServer(server.name)
        self.ctx.cleanup()
