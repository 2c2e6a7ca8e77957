from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.ennd)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
