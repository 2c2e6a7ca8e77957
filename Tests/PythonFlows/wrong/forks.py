from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        import os
        if os.fork() == 0:
            raise ValueError('in the child')
        os.wait()
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
