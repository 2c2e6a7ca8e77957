from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)
    @step
    def a(self):
        self.next(self.end)
    @step
    def b(self):
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
