from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, num_parallel="2")
    @parallel
    @step
    def a(self):
        self.next(self.j)
    @step
    def j(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
